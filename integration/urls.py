from django.urls import path

from integration import api

urlpatterns = [
    path("feedback/", api.Feedbacks.as_view()),
    path("config/", api.Config.as_view()),
]
