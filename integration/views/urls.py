"""The web addresses of the pages that belong to no single app."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from integration.views import get_started, jobs, keys, overview, sign_in, system

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("charts/<slug:name>/", overview.table, name="chart"),
    path("charts/<slug:name>.csv", overview.download, name="chart_csv"),
    path("start/", get_started.start, name="start"),
    path("start/wait/", get_started.wait, name="start_wait"),
    path("demo/load/", get_started.load_demo, name="demo_load"),
    path("demo/remove/", get_started.remove_demo, name="demo_remove"),
    path("login/", sign_in.sign_in, name="login"),
    path("login/once/<str:token>/", sign_in.sign_in_once, name="login_once"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("theme/", sign_in.theme, name="theme"),
    path("project/", sign_in.project, name="project"),
    path("live/", system.counter, name="live"),
    path("search/", system.search, name="search"),
    path("activity/", system.activity, name="activity"),
    path("keys/", keys.keys, name="keys"),
    path("keys/<int:pk>/revoke/", keys.revoke, name="key_revoke"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/<uuid:pk>/", jobs.job_detail, name="job"),
    path("jobs/<uuid:pk>/cancel/", jobs.job_cancel, name="job_cancel"),
    path("jobs/<uuid:pk>/retry/", jobs.job_retry, name="job_retry"),
    path("health/", system.health, name="health"),
]
