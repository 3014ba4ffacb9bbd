"""The web addresses of the pages that belong to no single app."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from featurememory.views import entrance, jobs, keys, overview, start, system

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("charts/<slug:name>/", overview.table, name="chart"),
    path("charts/<slug:name>.csv", overview.download, name="chart_csv"),
    path("start/", start.start, name="start"),
    path("start/wait/", start.wait, name="start_wait"),
    path("demo/load/", start.load_demo, name="demo_load"),
    path("demo/remove/", start.remove_demo, name="demo_remove"),
    path("login/", entrance.sign_in, name="login"),
    path("login/once/<str:token>/", entrance.sign_in_once, name="login_once"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("theme/", entrance.theme, name="theme"),
    path("project/", entrance.project, name="project"),
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
