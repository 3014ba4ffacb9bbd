from django.urls import path

from integration import api, jobs_api

urlpatterns = [
    path("feedback/", api.Feedbacks.as_view()),
    path("config/", api.Config.as_view()),
    path("jobs/", jobs_api.Jobs.as_view()),
    path("jobs/<str:job_id>/", jobs_api.JobDetail.as_view()),
    path("jobs/<str:job_id>/cancel/", jobs_api.JobVerb.as_view(), {"verb": "cancel"}),
    path("jobs/<str:job_id>/retry/", jobs_api.JobVerb.as_view(), {"verb": "retry"}),
]
