"""The web addresses of optimizations and models."""

from django.urls import path

from optimizations.views import (
    evaluation_sets,
    hand_made,
    manual_control,
    model_changes,
    optimization_list,
    optimizations,
    pairs,
    pattern_arms,
    registered_models,
)
from optimizations.views.interactions import interaction_list

urlpatterns = [
    path("interactions/", interaction_list.list_interactions, name="interactions"),
    path("interactions/interactions.csv", interaction_list.download_interactions, {"kind": "csv"}),
    path(
        "interactions/interactions.jsonl", interaction_list.download_interactions, {"kind": "jsonl"}
    ),
    path("optimizations/", optimization_list.list_optimizations, name="optimizations"),
    path(
        "optimizations/optimizations.csv", optimization_list.download_optimizations, {"kind": "csv"}
    ),
    path(
        "optimizations/optimizations.jsonl",
        optimization_list.download_optimizations,
        {"kind": "jsonl"},
    ),
    path("optimizations/try/", hand_made.try_change, name="try_change"),
    path("optimizations/create/", hand_made.create_change, name="create_change"),
    path("optimizations/evaluations/", evaluation_sets.evaluation_sets, name="evaluation_sets"),
    path("optimizations/evaluations/upload/", evaluation_sets.upload, name="evaluation_upload"),
    path("optimizations/evaluations/delete/", evaluation_sets.delete, name="evaluation_delete"),
    path("optimizations/<str:optimization_id>/", optimizations.optimization, name="optimization"),
    path(
        "optimizations/<str:optimization_id>/chart/", optimizations.chart, name="optimization_chart"
    ),
    path(
        "optimizations/<str:optimization_id>/chart.csv",
        optimizations.chart_file,
        name="optimization_chart_csv",
    ),
    path("optimizations/<str:optimization_id>/pairs/", pairs.pairs, name="optimization_pairs"),
    path("optimizations/<str:optimization_id>/judge/", pairs.judge, name="optimization_judge"),
    path(
        "optimizations/<str:optimization_id>/pairs.ndjson",
        pairs.pairs_file,
        name="optimization_pairs_file",
    ),
    path("optimizations/<str:optimization_id>/what-if/", optimizations.what_if, name="what_if"),
    path(
        "optimizations/<str:optimization_id>/<slug:verb>/",
        manual_control.act,
        name="optimization_act",
    ),
    path("patterns/<uuid:pattern_id>/arms/", pattern_arms.show_arms, name="pattern_arms"),
    path("models/", registered_models.models, name="models"),
    path("models/models.csv", registered_models.download_models, {"kind": "csv"}),
    path("models/models.jsonl", registered_models.download_models, {"kind": "jsonl"}),
    path("models/save/", model_changes.save_model, name="model_save"),
    path("models/load-prices/", model_changes.load_prices, name="load_prices"),
]
