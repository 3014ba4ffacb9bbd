"""To be included at the root, before the pattern that answers every other /api/ and /v1/ with 404."""

from django.urls import path, re_path

from integration.dialects import views

urlpatterns = [
    re_path(r"^(?:api/public/otel/)?v1/traces/?$", views.Traces.as_view()),
    re_path(r"^(?:api/public/otel/)?v1/logs/?$", views.Ignored.as_view()),
    re_path(r"^(?:api/public/otel/)?v1/metrics/?$", views.Metrics.as_view()),
    path("api/v1/ingest/litellm/", views.LiteLLM.as_view()),
    path("api/v1/ingest/unmapped/", views.UnmappedList.as_view()),
]
