"""The web addresses of optimizations and models."""

from django.urls import path

from optimizations import registry_views, views

urlpatterns = [
    path("optimizations/", views.optimizations, name="optimizations"),
    path("optimizations/<str:optimization_id>/", views.optimization, name="optimization"),
    path("optimizations/<str:optimization_id>/chart/", views.chart, name="optimization_chart"),
    path(
        "optimizations/<str:optimization_id>/chart.csv",
        views.chart_file,
        name="optimization_chart_csv",
    ),
    path("optimizations/<str:optimization_id>/what-if/", views.what_if, name="what_if"),
    path("optimizations/<str:optimization_id>/<slug:verb>/", views.act, name="optimization_act"),
    path("models/", registry_views.models, name="models"),
]
