"""Every column that holds text, and what kind: by it tests know what must be redacted, erased and aged.

SENT      what people ask models and what these answer: redacted before it is stored, erased, kept for
          days only where a project says so
LEARNED   what recurs in that: erased and learned again, aged but for what is a statistic by then
NAME      chosen by the programs that send: ids, sessions, models, task types, metrics, attributes
TYPED     by people of the team, on pages and in settings
OURS      words from a list of ours, figures, ids and digests that we make
SECRET    of no use to whoever reads it: a digest, or encrypted
"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import models

TEXTS = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
COLUMNS: dict[str, dict[str, str]] = {
    "SENT": {
        "patterns.Payload": "data",
        "patterns.Feedback": "value",
        "patterns.FailedRecord": "reason",
        "optimizations.Decision": "data",
        "optimizations.ShadowAnswer": "data",
        "optimizations.EvaluationTask": "data answers",
        "optimizations.PolicyState": "snapshot",
        "featurememory.StoredAnswer": "body",
        "integration.Job": "params cursor log",
    },
    "LEARNED": {
        "patterns.Pattern": "template parts slots features state",
        "patterns.PatternEvent": "template details",
        "patterns.Learner": "snapshot",
        "patterns.PayloadDictionary": "data",
        "patterns.SharedWords": "words",
        "integration.PreviousRecognizer": "plans",
        "featurememory.Activity": "summary",
    },
    "NAME": {
        "patterns.ModelInteraction": "id model_id task_type session_id decision_id",
        "patterns.PatternHour": "model_id",
        "patterns.Feedback": "target_id metric_name",
        "patterns.FailedRecord": "subject",
        "patterns.Pattern": "model_id task_type",
        "optimizations.RegisteredModel": "model_id",
        "optimizations.ModelPrice": "model_id",
        "optimizations.Optimization": "task_type",
        "optimizations.ShadowAnswer": "model_id",
        "optimizations.EvaluationTask": "set_name task_type",
        "integration.UnmappedName": "name",
    },
    "TYPED": {
        "featurememory.Project": "name",
        "featurememory.FeatureMemoryConfig": "embedder_url embedder_model path patterns",
        "featurememory.ConfigVersion": "changes actor reason",
        "featurememory.SavedView": "name query made_by",
        "featurememory.Activity": "actor link",
        "featurememory.Preferences": "time_zone lists",
        "featurememory.SignedInBrowser": "address agent",
        "featurememory.ExternalIdentity": "issuer subject",
        "featurememory.LoginAttempt": "subject",
        "featurememory.AuditEntry": "actor address object before after reason",
        "patterns.Pattern": "label archived_by archived_why",
        "patterns.PatternEvent": "actor",
        "patterns.Operation": "actor",
        "optimizations.RegisteredModel": "task_types capabilities",
        "optimizations.ModelPrice": "source",
        "optimizations.Optimization": "params summary made_by",
        "optimizations.OptimizationEvent": "actor reason",
        "optimizations.ShadowAnswer": "judged_by",
        "integration.AlertRule": "name webhook_url made_by",
        "integration.AlertNotice": "text",
        "integration.ApiKey": "name made_by",
        "integration.Job": "actor",
        "auth.User": "username first_name last_name email",
        "auth.Group": "name",
        "admin.LogEntry": "object_repr change_message",
        "sessions.Session": "session_data",
    },
    "OURS": {
        "featurememory.Activity": "verb",
        "featurememory.AuditChain": "name tip before_first",
        "featurememory.AuditEntry": "via action hash",
        "featurememory.FeatureMemoryConfig": "embedder type mode",
        "featurememory.Preferences": "numbers theme",
        "featurememory.ProjectRole": "role",
        "featurememory.SavedView": "list_name",
        "featurememory.StoredAnswer": "key fingerprint",
        "patterns.PatternHour": "durations",
        "patterns.ProjectHour": "recognition_ms",
        "patterns.ModelInteraction": "recognizer_version",
        "patterns.Feedback": "target",
        "patterns.FailedRecord": "work code",
        "patterns.Learner": "holder unsaved recognizer",
        "patterns.Pattern": "kind status recognizer_version",
        "patterns.PatternEvent": "kind",
        "patterns.Operation": "kind before",
        "patterns.SharedWords": "counts",
        "patterns.TagBlock": "digests",
        "optimizations.Optimization": "id type status control state",
        "optimizations.OptimizationEvent": "optimization_id before after code evidence",
        "optimizations.EvidencePoint": "optimization_id",
        "optimizations.Decision": "id optimization_id arm reason",
        "optimizations.AppliedOptimization": "optimization_id decision_id arm",
        "optimizations.WaitingOutcome": "before",
        "optimizations.ShadowAnswer": "shadow_id decision_id optimization_id",
        "optimizations.EvaluationTask": "digest",
        "optimizations.LedgerHour": "optimization_id sums variances",
        "optimizations.ArmHour": "arm",
        "integration.AlertRule": "figure side webhook_form",
        "integration.AlertNotice": "kind",
        "integration.AlertDelivery": "state outcome",
        "integration.ApiKey": "kind public",
        "integration.PreviousRecognizer": "settings replaced_by redirected",
        "integration.UnmappedName": "source",
        "integration.Job": "kind state unit",
        "admin.LogEntry": "object_id",
        "auth.Permission": "name codename",
        "contenttypes.ContentType": "app_label model",
    },
    "SECRET": {
        "featurememory.SignedInBrowser": "session_key",
        "featurememory.LoginLink": "digest",
        "featurememory.SecondFactor": "secret",
        "featurememory.RecoveryCode": "digest",
        "optimizations.PolicyState": "salt",
        "integration.AlertRule": "secret",
        "integration.ApiKey": "digest",
        "auth.User": "password",
        "sessions.Session": "session_key",
    },
}


def list_columns(kind: str) -> set[str]:
    """The columns of a kind, as app.Model.column."""
    return {
        f"{model}.{column}" for model, names in COLUMNS[kind].items() for column in names.split()
    }


def list_text_columns() -> Iterator[str]:
    """Every column of the product that can hold text."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, TEXTS):
                yield f"{model._meta.label}.{field.name}"


def name_columns(places: set[str]) -> set[str]:
    """From table.column to app.Model.column."""
    tables = {model._meta.db_table: model._meta.label for model in apps.get_models()}
    pairs = (place.rpartition(".") for place in places)
    return {f"{tables[table]}.{column}" for table, _, column in pairs}
