from django.urls import path

from patterns import api, interactions

urlpatterns = [
    path("interactions/", interactions.Interactions.as_view()),
    path("interactions/batch/", interactions.InteractionBatch.as_view()),
    path("interactions/<path:interaction_id>/", interactions.InteractionDetail.as_view()),
    path("patterns/", api.Patterns.as_view()),
    path("patterns/recognize/", api.Recognize.as_view()),
    path("patterns/prune/", api.Prune.as_view()),
    path("patterns/restore/", api.Restore.as_view()),
    path("patterns/merge/", api.Merge.as_view()),
    path("patterns/<str:pattern_id>/", api.PatternDetail.as_view()),
    path("patterns/<str:pattern_id>/related/", api.Related.as_view()),
    path("patterns/<str:pattern_id>/history/", api.History.as_view()),
    path("patterns/<str:pattern_id>/examples/", api.Examples.as_view()),
    path("patterns/<str:pattern_id>/confidence/", api.Confidence.as_view()),
    path("patterns/<str:pattern_id>/validate/", api.Validate.as_view()),
    path("patterns/<str:pattern_id>/split/", api.Split.as_view()),
]
