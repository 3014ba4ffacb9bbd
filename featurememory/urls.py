"""Every URL of the product: pages, API, admin, health."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from featurememory.http.endpoint import NoSuchEndpoint
from integration import views
from integration.monitoring import health
from integration.monitoring.metrics import export_metrics

# Public: an unknown key must not matter.
docs = SpectacularSwaggerSplitView.as_view(url_name="schema", authentication_classes=[])
api: list[URLPattern | URLResolver] = [
    path("", include("patterns.api.urls")),
    path("", include("optimizations.api.urls")),
    path("", include("integration.api.urls")),
    path("schema/", SpectacularJSONAPIView.as_view(authentication_classes=[]), name="schema"),
    path("docs/", docs, name="docs"),
]

urlpatterns = [
    path("", include("integration.dialects.urls")),
    path("api/v1/", include(api)),
    re_path(r"^(api|v1)/", NoSuchEndpoint.as_view()),
    path("health/live", health.report_live),
    path("health/ready", health.report_ready),
    path("metrics", export_metrics),
    path("admin/", admin.site.urls),
    path("", include("integration.views.urls")),
    path("", include("patterns.views.urls")),
    path("", include("optimizations.views.urls")),
]

handler404 = views.show_page_not_found
handler500 = views.show_server_error
