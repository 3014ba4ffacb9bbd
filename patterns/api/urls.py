from django.urls import path

from patterns.api import interactions, pattern_changes, pattern_words, patterns, recognition

urlpatterns = [
    path("interactions/", interactions.Interactions.as_view()),
    path("interactions/batch/", interactions.InteractionBatch.as_view()),
    path("interactions/<path:interaction_id>/", interactions.InteractionDetail.as_view()),
    path("patterns/", patterns.Patterns.as_view()),
    path("patterns/recognize/", recognition.Recognize.as_view()),
    path("patterns/prune/", pattern_changes.Prune.as_view()),
    path("patterns/restore/", pattern_changes.Restore.as_view()),
    path("patterns/merge/", pattern_changes.Merge.as_view()),
    path("patterns/<str:pattern_id>/", patterns.PatternDetail.as_view()),
    path("patterns/<str:pattern_id>/related/", patterns.Related.as_view()),
    path("patterns/<str:pattern_id>/history/", patterns.History.as_view()),
    path("patterns/<str:pattern_id>/examples/", patterns.Examples.as_view()),
    path("patterns/<str:pattern_id>/confidence/", recognition.Confidence.as_view()),
    path("patterns/<str:pattern_id>/validate/", recognition.Validate.as_view()),
    path("patterns/<str:pattern_id>/split/", pattern_changes.Split.as_view()),
    path("patterns/<str:pattern_id>/words/", pattern_words.Words.as_view()),
]
