"""The web addresses of patterns and interactions."""

from django.urls import path

from patterns.views import changes, detail, exports, interactions, lists, trash

urlpatterns = [
    path("patterns/", lists.patterns, name="patterns"),
    path("patterns/total/", lists.total, name="patterns_total"),
    path("patterns/patterns.csv", exports.csv_file, name="patterns_csv"),
    path("patterns/patterns.jsonl", exports.jsonl_file, name="patterns_jsonl"),
    path("patterns/prune/", changes.prune, name="prune"),
    path("patterns/restore/", changes.restore, name="restore"),
    path("patterns/pin/", changes.pin, name="pin"),
    path("patterns/merge/", changes.merge, name="merge"),
    path("patterns/trash/", trash.trash, name="trash"),
    path("patterns/<uuid:pattern_id>/", detail.pattern, name="pattern"),
    path("patterns/<uuid:pattern_id>/chart/", detail.chart, name="pattern_chart"),
    path("patterns/<uuid:pattern_id>/chart.csv", detail.chart_file, name="pattern_chart_csv"),
    path("patterns/<uuid:pattern_id>/split/", changes.split, name="split"),
    path("patterns/<uuid:pattern_id>/label/", changes.label, name="label"),
    path("interactions/", interactions.interactions, name="interactions"),
    path("interactions/<path:interaction_id>/payload.json", interactions.payload, name="payload"),
    path("interactions/<path:interaction_id>/why/", interactions.why, name="why"),
    path("interactions/<path:interaction_id>/", interactions.interaction, name="interaction"),
]
