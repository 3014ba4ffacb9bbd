"""The web addresses of patterns and interactions."""

from django.urls import path

from patterns.views import (
    interactions,
    pattern_changes,
    pattern_detail,
    pattern_export,
    pattern_list,
    trash,
)

urlpatterns = [
    path("patterns/", pattern_list.patterns, name="patterns"),
    path("patterns/total/", pattern_list.total, name="patterns_total"),
    path("patterns/patterns.csv", pattern_export.csv_file, name="patterns_csv"),
    path("patterns/patterns.jsonl", pattern_export.jsonl_file, name="patterns_jsonl"),
    path("patterns/prune/", pattern_changes.prune, name="prune"),
    path("patterns/restore/", pattern_changes.restore, name="restore"),
    path("patterns/pin/", pattern_changes.pin, name="pin"),
    path("patterns/merge/", pattern_changes.merge, name="merge"),
    path("patterns/trash/", trash.trash, name="trash"),
    path("patterns/<uuid:pattern_id>/", pattern_detail.pattern, name="pattern"),
    path("patterns/<uuid:pattern_id>/chart/", pattern_detail.chart, name="pattern_chart"),
    path(
        "patterns/<uuid:pattern_id>/chart.csv", pattern_detail.chart_file, name="pattern_chart_csv"
    ),
    path("patterns/<uuid:pattern_id>/split/", pattern_changes.split, name="split"),
    path("patterns/<uuid:pattern_id>/label/", pattern_changes.label, name="label"),
    path("interactions/", interactions.interactions, name="interactions"),
    path("interactions/<path:interaction_id>/payload.json", interactions.payload, name="payload"),
    path("interactions/<path:interaction_id>/why/", interactions.why, name="why"),
    path("interactions/<path:interaction_id>/", interactions.interaction, name="interaction"),
]
