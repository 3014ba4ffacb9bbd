"""Reads and saves thresholds. Cached for two seconds: a change reaches every process within five."""

from __future__ import annotations

import threading
import time
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from featurememory.audit.record import record
from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Activity, ConfigVersion, FeatureMemoryConfig

KEPT_S = 2.0
_kept: dict[UUID, tuple[float, FeatureMemoryConfig]] = {}
_lock = threading.Lock()


def config_of(project_id: UUID) -> FeatureMemoryConfig:
    """The project's thresholds, at most `KEPT_S` seconds old. Not for editing."""
    now = time.monotonic()
    with _lock:
        until, config = _kept.get(project_id, (0.0, None))
    if config is not None and now < until:
        return config
    config, _ = FeatureMemoryConfig.objects.get_or_create(project_id=project_id)
    with _lock:
        if len(_kept) > 256:
            _kept.clear()
        _kept[project_id] = (now + KEPT_S, config)
    return config


def forget_config(project_id: UUID | None = None) -> None:
    with _lock:
        if project_id is None:
            _kept.clear()
        else:
            _kept.pop(project_id, None)


def find_changes(before: FeatureMemoryConfig, after: FeatureMemoryConfig) -> dict[str, list[Any]]:
    names = FeatureMemoryConfig.field_names()
    pairs = {name: [getattr(before, name), getattr(after, name)] for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


@transaction.atomic
def save_config(config: FeatureMemoryConfig, actor: str, reason: str = "") -> dict[str, list[Any]]:
    """Save changed thresholds with a version and lines of activity; returns {name: [before, after]}."""
    before = FeatureMemoryConfig.objects.get(pk=config.pk)
    changes = find_changes(before, config)
    if not changes:
        return {}
    config.version = before.version + 1
    config.save()
    ConfigVersion.objects.create(
        project_id=config.project_id,
        number=config.version,
        changes=changes,
        actor=actor,
        reason=reason,
    )
    record(
        config.project_id,
        "threshold.changed",
        ", ".join(changes),
        actor=actor,
        before={name: old for name, (old, _) in changes.items()},
        after={name: new for name, (_, new) in changes.items()},
        reason=reason,
    )
    for name, (old, new) in changes.items():
        Activity.objects.create(
            project_id=config.project_id,
            actor=actor,
            verb="threshold",
            summary=f"Set {title_of(name)} from {brief(old)} to {brief(new)}",
        )
    transaction.on_commit(lambda: forget_config(config.project_id))
    return changes


def title_of(name: str) -> str:
    if name in FeatureMemoryConfig.SECTIONS["privacy"]:  # "patterns" alone would mislead
        return str(FeatureMemoryConfig._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return name.replace("_", " ")


def brief(value: Any) -> str:
    """A value in a line of activity, which has room for 300 characters; of expressions their names."""
    if isinstance(value, list):
        return (", ".join(row["name"] for row in value) or "none")[:120]
    return str(value)[:120]


def patch_config(
    project_id: UUID, values: dict[str, dict[str, Any]], actor: str
) -> FeatureMemoryConfig:
    """Change thresholds ({section: {name: value}}), all or none. 422 names every invalid field."""
    config, _ = FeatureMemoryConfig.objects.get_or_create(project_id=project_id)
    errors: list[dict[str, str]] = []
    for section, fields in values.items():
        if section not in FeatureMemoryConfig.SECTIONS and not fields:
            errors.append(describe_error(f"/{section}", "there is no such section", "unknown"))
        for name, value in fields.items():
            pointer = f"/{section}/{name}"
            if name not in FeatureMemoryConfig.SECTIONS.get(section, ()):
                errors.append(describe_error(pointer, "there is no such setting", "unknown"))
            elif not has_type(name, value):
                errors.append(describe_error(pointer, f"{value!r:.40} has the wrong type", "type"))
            elif isinstance(value, int) and value.bit_length() > 1000:  # no float holds it
                errors.append(describe_error(pointer, "is out of range", "invalid"))
            elif isinstance(value, str) and "\x00" in value:
                errors.append(describe_error(pointer, "must not contain NUL", "invalid"))
            else:
                setattr(config, name, value)
    errors += find_validation_errors(config)
    if errors:
        message = f"{errors[0]['pointer'].strip('/')}: {errors[0]['message']}"
        raise FeatureMemoryError(message, ErrorCode.CONFIGURATION_INVALID, {"errors": errors})
    save_config(config, actor)
    return config


def describe_error(pointer: str, message: str, code: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "message": message}


def has_type(name: str, value: Any) -> bool:
    """Whether the value has the type of the field's default; an int is also a float, never a bool."""
    kind = type(getattr(FeatureMemoryConfig(), name))
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def find_validation_errors(config: FeatureMemoryConfig) -> list[dict[str, str]]:
    try:
        config.full_clean(exclude=["project"])
    except ValidationError as error:
        places = {n: s for s, names in config.SECTIONS.items() for n in names}
        return [
            describe_error(f"/{places.get(name, '')}/{name}", " ".join(messages), "invalid")
            for name, messages in error.message_dict.items()
        ]
    return []
