"""URLs of the pages that span several apps."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from integration.views import (
    audit_log,
    client_download,
    delete_project,
    demo_project,
    get_started,
    imports,
    jobs,
    keys,
    system,
)
from integration.views.overview import page as overview
from integration.views.people import account, second_factor, sign_in, single_sign_on

urlpatterns = [
    path("", overview.show_overview, name="overview"),
    path("charts/<slug:name>/", overview.show_chart_table, name="chart"),
    path("charts/<slug:name>.csv", overview.download_chart, name="chart_csv"),
    path("start/", get_started.show_start, name="start"),
    path("start/wait/", get_started.show_arrival, name="start_wait"),
    path("client/", client_download.list_wheels, name="client"),
    path("client/<str:name>", client_download.download_wheel, name="client_wheel"),
    path("demo/load/", demo_project.load_demo, name="demo_load"),
    path("demo/progress/", demo_project.show_progress, name="demo_progress"),
    path("demo/remove/", demo_project.remove_demo, name="demo_remove"),
    path("login/", sign_in.sign_in, name="login"),
    path("login/sso/", single_sign_on.begin, name="sso"),
    path("login/sso/callback/", single_sign_on.come_back, name="sso_callback"),
    path("login/code/", second_factor.ask_for_code, name="login_code"),
    path("login/once/<str:token>/", sign_in.sign_in_once, name="login_once"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("account/", account.show_account, name="account"),
    path("account/password/", account.change_password, name="password"),
    path("account/second-factor/", second_factor.manage_factor, name="second_factor"),
    path("account/sessions/end/", account.end_other_sessions, name="end_sessions"),
    path("account/sessions/<int:pk>/end/", account.end_session, name="end_session"),
    path("theme/", sign_in.set_theme, name="theme"),
    path("project/delete/", delete_project.ask_or_delete, name="delete_project"),
    path("project/", sign_in.choose_project, name="project"),
    path("live/", system.show_live_counter, name="live"),
    path("search/", system.search_everything, name="search"),
    path("activity/", system.list_activity, name="activity"),
    path("activity/audit/", audit_log.list_entries, name="audit"),
    path("keys/", keys.list_keys, name="keys"),
    path("keys/<int:pk>/revoke/", keys.revoke_key, name="key_revoke"),
    path("jobs/", jobs.list_jobs, name="jobs"),
    path("jobs/<uuid:pk>/", jobs.show_job, name="job"),
    path("jobs/<uuid:pk>/cancel/", jobs.cancel_job, name="job_cancel"),
    path("jobs/<uuid:pk>/retry/", jobs.retry_job, name="job_retry"),
    path("jobs/<uuid:pk>/start/", imports.start_import, name="import_start"),
    path("jobs/<uuid:pk>/errors.csv", imports.download_errors, name="import_errors"),
    path("health/", system.show_health, name="health"),
]
