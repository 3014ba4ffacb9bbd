from django.urls import path

from integration.api import alerts, audit, erasure, feedback_and_config, jobs, redaction

urlpatterns = [
    path("feedback/", feedback_and_config.Feedbacks.as_view()),
    path("config/", feedback_and_config.Config.as_view()),
    path("config/redaction/", redaction.RedactionTrial.as_view()),
    path("audit/", audit.AuditLog.as_view()),
    path("erasure/", erasure.Erasures.as_view()),
    path("project/", erasure.ProjectDeletion.as_view()),
    path("sessions/<path:session_id>/", erasure.SessionErasure.as_view()),
    path("alerts/", alerts.AlertRules.as_view()),
    path("alerts/history/", alerts.AlertHistory.as_view()),
    path("alerts/<str:rule_id>/", alerts.AlertRuleDetail.as_view()),
    path("alerts/<str:rule_id>/mute/", alerts.AlertMute.as_view()),
    path("alerts/<str:rule_id>/restore/", alerts.AlertRestore.as_view()),
    path("alerts/<str:rule_id>/test/", alerts.AlertTest.as_view()),
    path("jobs/", jobs.Jobs.as_view()),
    path("jobs/<str:job_id>/", jobs.JobDetail.as_view()),
    path("jobs/<str:job_id>/cancel/", jobs.JobVerb.as_view(), {"verb": "cancel"}),
    path("jobs/<str:job_id>/retry/", jobs.JobVerb.as_view(), {"verb": "retry"}),
]
