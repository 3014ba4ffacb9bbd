from django.urls import path

from optimizations import api

urlpatterns = [path("performance/", api.Performance.as_view())]
