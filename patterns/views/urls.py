"""URLs of the pages about patterns and interactions."""

from django.urls import path

from patterns.views import (
    interactions,
    pattern_changes,
    pattern_detail,
    pattern_export,
    pattern_list,
    pattern_notes,
    pattern_words,
    trash,
)

urlpatterns = [
    path("patterns/", pattern_list.list_patterns, name="patterns"),
    path(
        "patterns/patterns.csv",
        pattern_export.download_patterns,
        {"kind": "csv"},
        name="patterns_csv",
    ),
    path(
        "patterns/patterns.jsonl",
        pattern_export.download_patterns,
        {"kind": "jsonl"},
        name="patterns_jsonl",
    ),
    path("patterns/prune/", pattern_changes.prune_patterns, name="prune"),
    path("patterns/restore/", pattern_changes.restore_patterns, name="restore"),
    path("patterns/pin/", pattern_changes.pin_patterns, name="pin"),
    path("patterns/merge/", pattern_changes.merge_patterns, name="merge"),
    path("patterns/trash/", trash.list_trash, name="trash"),
    path("patterns/<uuid:pattern_id>/", pattern_detail.show_pattern, name="pattern"),
    path(
        "patterns/<uuid:pattern_id>/chart/", pattern_detail.show_chart_table, name="pattern_chart"
    ),
    path(
        "patterns/<uuid:pattern_id>/chart.csv",
        pattern_detail.download_chart,
        name="pattern_chart_csv",
    ),
    path(
        "patterns/<uuid:pattern_id>/models/",
        pattern_detail.show_models_table,
        name="pattern_models",
    ),
    path(
        "patterns/<uuid:pattern_id>/models.csv",
        pattern_detail.download_models,
        name="pattern_models_csv",
    ),
    path("patterns/<uuid:pattern_id>/note/", pattern_notes.add_note, name="note"),
    path(
        "patterns/<uuid:pattern_id>/note/<int:note_id>/delete/",
        pattern_notes.delete_note,
        name="note_delete",
    ),
    path("patterns/<uuid:pattern_id>/related/", pattern_detail.show_related, name="related"),
    path("patterns/<uuid:pattern_id>/word/", pattern_words.change_word, name="word"),
    path("patterns/<uuid:pattern_id>/label/", pattern_changes.label_pattern, name="label"),
    path(
        "interactions/<path:interaction_id>/payload.json",
        interactions.download_payload,
        name="payload",
    ),
    path("interactions/<path:interaction_id>/why/", interactions.show_explanation, name="why"),
    path("interactions/<path:interaction_id>/", interactions.show_interaction, name="interaction"),
]
