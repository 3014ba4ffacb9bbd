"""Deletes a project with everything that is its own, as thoroughly as an erasure."""

from __future__ import annotations

from uuid import UUID

from featurememory.audit.record import record
from featurememory.config import forget_config
from featurememory.database.write_lock import write_turn
from featurememory.models import AuditChain, Project
from integration.erasure.dictionaries import is_affected, replace_dictionaries
from integration.erasure.free_pages import overwrite_free_pages
from integration.erasure.selection import PART
from integration.erasure.uploads import delete_uploads
from integration.models import Job
from optimizations.decision_log.log import catch_up
from optimizations.policy_runtime.policy_cache import policies
from patterns.models import ModelInteraction, Payload
from patterns.recognition.recognizer_cache import recognizers


def delete_project(project: Project, actor: str = "") -> int:
    """How many interactions went, of which no byte is left then."""
    count, affected = delete_stored(project, actor)
    if affected:
        for _ in replace_dictionaries():
            pass
    overwrite_free_pages()
    return count


def delete_stored(project: Project, actor: str = "") -> tuple[int, bool]:
    """How many interactions went; also whether a dictionary may have been trained on them. Its keys go
    first, so that nothing new comes in meanwhile; run it again when it was interrupted. The server's
    audit log says who did it."""
    own, name = project.pk, project.name
    project.keys.all().delete()
    catch_up()
    Job.objects.filter(project=project, state__in=("queued", "running")).update(state="cancelled")
    delete_uploads(project)
    count, affected = delete_interactions(own)
    with write_turn():
        project.delete()
        AuditChain.objects.filter(pk=str(own)).delete()
        record(None, "project.deleted", name, actor=actor, after={"interactions": count})
    recognizers.drop(own)
    policies.drop(own)
    forget_config(own)
    return count, affected


def delete_interactions(project_id: UUID) -> tuple[int, bool]:
    """In transactions of a bounded size; also whether a dictionary may have been trained on them."""
    count, affected = 0, False
    rows = ModelInteraction.objects.filter(project_id=project_id).order_by("number")
    while numbers := list(rows.values_list("number", flat=True)[:PART]):
        affected = affected or is_affected(numbers)
        with write_turn():
            Payload.objects.filter(pk__in=numbers).delete()
            ModelInteraction.objects.filter(pk__in=numbers).delete()
        count += len(numbers)
    return count, affected
