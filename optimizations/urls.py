from django.urls import path

from optimizations import api, models_api, optimizations_api, prepare_api, whatif_api

# One path each, so that the OpenAPI document names them.
verbs = [
    path(
        f"optimizations/<str:optimization_id>/{verb}/",
        optimizations_api.OptimizationVerb.as_view(),
        {"verb": verb},
    )
    for verb in optimizations_api.VERBS
]

urlpatterns = [
    path("tasks/prepare/", prepare_api.Prepare.as_view()),
    path("decisions/<str:decision_id>/replay/", prepare_api.DecisionReplay.as_view()),
    path("models/", models_api.Models.as_view()),
    path("optimizations/", optimizations_api.Optimizations.as_view()),
    path("optimizations/advice/", optimizations_api.Advice.as_view()),
    path("optimizations/purge-cache/", optimizations_api.CachePurge.as_view()),
    path("optimizations/<str:optimization_id>/", optimizations_api.OptimizationDetail.as_view()),
    *verbs,
    path("policy/", optimizations_api.Policy.as_view()),
    path("policy/what-if/", whatif_api.PolicyWhatIf.as_view()),
    path("savings/", optimizations_api.Savings.as_view()),
    path("performance/", api.Performance.as_view()),
]
