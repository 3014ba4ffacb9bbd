from django.urls import path

from optimizations.api import (
    evaluations,
    optimizations,
    performance,
    policy,
    prepare,
    registered_models,
    what_if,
)

# One path each, so that the OpenAPI document names them.
verbs = [
    path(
        f"optimizations/<str:optimization_id>/{verb}/",
        optimizations.OptimizationVerb.as_view(),
        {"verb": verb},
    )
    for verb in optimizations.VERBS
]

urlpatterns = [
    path("tasks/prepare/", prepare.Prepare.as_view()),
    path("decisions/<str:decision_id>/replay/", prepare.DecisionReplay.as_view()),
    path("models/", registered_models.Models.as_view()),
    path("optimizations/", optimizations.Optimizations.as_view()),
    path("optimizations/advice/", policy.AdviceList.as_view()),
    path("optimizations/purge-cache/", policy.CachePurge.as_view()),
    path("optimizations/<str:optimization_id>/", optimizations.OptimizationDetail.as_view()),
    path(
        "optimizations/<str:optimization_id>/disagreements/",
        optimizations.Disagreements.as_view(),
    ),
    *verbs,
    path("evaluations/", evaluations.Evaluations.as_view()),
    path("evaluations/<path:name>/", evaluations.EvaluationSetDetail.as_view()),
    path("policy/", policy.Policy.as_view()),
    path("policy/what-if/", what_if.PolicyWhatIf.as_view()),
    path("savings/", policy.SavingsReport.as_view()),
    path("performance/", performance.Performance.as_view()),
]
