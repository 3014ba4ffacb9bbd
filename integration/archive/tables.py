"""What belongs to a project: the tables of its archive, in the order in which they come back.

Columns are taken from the models, so that a new one cannot be forgotten; what is left out is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import models

from featurememory.models import Activity, ConfigVersion, FeatureMemoryConfig, Project, SavedView
from integration.models import PreviousRecognizer, UnmappedName
from optimizations import models as optimizations
from patterns import models as patterns

# Answers kept for a day, keys (their secrets belong to one server), work under way there, and the
# log of what people did there.
LEFT_OUT = {"StoredAnswer", "ApiKey", "Job", "AuditEntry", "ProjectRole", "StorageUse"}
# Rules hold secrets and addresses outside.
LEFT_OUT |= {"AlertRule", "AlertNotice"}
# Made again from what is restored.
LEFT_OUT |= {"TagBlock"}
# The lease on learning and the name, which `restore` gives.
LEFT_OUT_COLUMNS = {
    "Project": {"name"},
    "Learner": {"holder", "until", "repairing_until"},
}
# Numbers of interactions; a server gives its own, an archive counts from 1 (0: it is gone).
NUMBER_COLUMNS = {
    ("Decision", "interaction"),
    ("WaitingOutcome", "interaction"),
    ("FailedRecord", "number"),
}
NUMBER_LISTS = {("Learner", "unsaved")}


@dataclass(frozen=True)
class ArchiveTable:
    """A table of the archive. Rows are in the order of their key, which is not part of them."""

    model: Any

    @property
    def name(self) -> str:
        return str(self.model.__name__)

    @cached_property
    def fields(self) -> list[models.Field[Any, Any]]:
        left_out = LEFT_OUT_COLUMNS.get(self.name, set())
        return [
            field
            for field in self.model._meta.concrete_fields
            if not isinstance(field, models.AutoField | models.ForeignKey)
            and field.attname not in left_out
        ]

    @property
    def columns(self) -> list[str]:
        return [field.attname for field in self.fields]

    def rows_of(self, project_id: UUID) -> models.QuerySet[Any]:
        own = {"pk": project_id} if self.model is Project else {"project_id": project_id}
        return self.model.objects.filter(**own).order_by("pk")  # type: ignore[no-any-return]


TABLES = [
    ArchiveTable(model)
    for model in (
        Project,
        FeatureMemoryConfig,
        ConfigVersion,
        patterns.ModelInteraction,
        patterns.Pattern,
        patterns.PatternEvent,
        patterns.Operation,
        patterns.PatternHour,
        patterns.ProjectHour,
        patterns.Learner,
        patterns.Feedback,
        patterns.LateJudgement,
        patterns.FailedRecord,
        patterns.SharedWords,
        optimizations.RegisteredModel,
        optimizations.ModelPrice,
        optimizations.Optimization,
        optimizations.OptimizationEvent,
        optimizations.EvidencePoint,
        optimizations.Decision,
        optimizations.AppliedOptimization,
        optimizations.WaitingOutcome,
        optimizations.ShadowAnswer,
        optimizations.EvaluationTask,
        optimizations.LedgerHour,
        optimizations.ArmHour,
        optimizations.PolicyState,
        PreviousRecognizer,
        UnmappedName,
        Activity,
        SavedView,
    )
]
BY_NAME = {table.name: table for table in TABLES}
PAYLOADS = "Payload"  # the content of interactions, which has no column for the project
PAYLOAD_COLUMNS = ["number", "content"]


def list_columns() -> dict[str, list[str]]:
    """The columns of every table, as the archive's first member names them."""
    return {table.name: table.columns for table in TABLES} | {PAYLOADS: PAYLOAD_COLUMNS}


def list_names() -> Iterator[str]:
    """Every table in order; contents follow their interactions."""
    for table in TABLES:
        yield table.name
        if table.model is patterns.ModelInteraction:
            yield PAYLOADS
