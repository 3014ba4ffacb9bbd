"""The product's URLs with these ways in before them, until they are wired."""

from django.urls import include, path

from featurememory import urls as product

urlpatterns = [path("", include("integration.dialects.urls")), *product.urlpatterns]
handler404 = product.handler404
