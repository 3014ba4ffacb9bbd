"""Versions of a project's thresholds, and the way back to one of them."""

from __future__ import annotations

from typing import Any

from featurememory.access import roles
from featurememory.config import find_validation_errors, save_config
from featurememory.errors import ErrorCode, FeatureMemoryError, not_found
from featurememory.models import ConfigVersion, FeatureMemoryConfig, Project
from integration.admin.threshold_form import AT_START

FIRST = 1  # the version before the first change has no row


def find_way_back(config: FeatureMemoryConfig, number: int) -> dict[str, list[Any]]:
    """{name: [now, then]} of what going back to this version changes. 404 when there was none."""
    if not FIRST <= number <= config.version:
        raise not_found("version")
    later = ConfigVersion.objects.filter(project_id=config.project_id, number__gt=number)
    then: dict[str, Any] = {}
    for changes in later.order_by("-number").values_list("changes", flat=True):
        then |= {name: old for name, (old, _) in changes.items()}
    known = set(FeatureMemoryConfig.field_names()) - set(AT_START)
    found = {name: [getattr(config, name), value] for name, value in then.items() if name in known}
    return {name: pair for name, pair in found.items() if pair[0] != pair[1]}


def go_back(project: Project, number: int, actor: str, role: str) -> dict[str, list[Any]]:
    """Set all thresholds as they were in this version, as a new version; what that changed.

    403 for what only admins decide, 409 when the values of then can no longer be used.
    """
    config = FeatureMemoryConfig.objects.get(project=project)
    changes = find_way_back(config, number)
    if needs_admin(changes) and not roles.covers(role, roles.ADMIN):
        raise FeatureMemoryError(
            "This changes what is stored of people: an admin of the project does it.",
            ErrorCode.FORBIDDEN,
        )
    for name, (_, then) in changes.items():
        setattr(config, name, then)
    if errors := find_validation_errors(config):
        why = " ".join(f"{one['pointer'].strip('/')}: {one['message']}" for one in errors)
        raise FeatureMemoryError(f"Nothing was changed. {why}", ErrorCode.CONFLICT)
    save_config(config, actor, f"Back to version {number}")
    return changes


def needs_admin(changes: dict[str, Any]) -> bool:
    return not changes.keys().isdisjoint(FeatureMemoryConfig.SECTIONS["privacy"])
