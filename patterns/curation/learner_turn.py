"""Change the recogniser by hand: take the lease, change it, save it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from msgspec import to_builtins

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Project
from patterns.engine.domain.results import Change
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.recognizer_state.human_decisions import Decisions
from patterns.models import Learner
from patterns.recognition.lease import hold_lease
from patterns.recognition.recognizer_cache import recognizers, set_snapshot

PATIENCE_S, PAUSE_S = 5.0, 0.25


@contextmanager
def learning_turn(project: Project) -> Iterator[None]:
    """Hold the lease of the project, so that no batch is learned meanwhile.

    Waits up to PATIENCE_S for it, then raises 503. What is raised inside drops the unsaved recogniser.
    """
    deadline = time.monotonic() + PATIENCE_S
    while (left := deadline - time.monotonic()) > 0:
        with hold_lease(project.pk, left) as held:
            if held:
                with recognizers.saved_or_dropped(project.pk):
                    yield
                return
        time.sleep(PAUSE_S)
    raise FeatureMemoryError(
        "The patterns are being learned right now; nothing was changed, try again.",
        ErrorCode.OVERLOADED,
        {"retry_after": 2},
    )


def save_recognizer(project: Project) -> None:
    """Save what the recogniser changed, and the decision it now remembers. Inside a transaction."""
    from patterns.storage.database import DatabasePatternStorage

    loaded = recognizers.for_learning(project.pk)
    changes = loaded.recognizer.take_changes()
    DatabasePatternStorage(project, loaded.recognizer.version).store(
        loaded.recognizer.get(name) for name in changes.changed
    )
    learner = Learner.objects.lock(project.pk)
    set_snapshot(learner, loaded.recognizer)
    learner.version += 1
    learner.save(update_fields=["snapshot", "unsaved", "version"])
    loaded.version = learner.version


def change_recognizer(
    project: Project, change: Callable[[DefaultPatternRecognizer], Change]
) -> tuple[Change, dict[str, Any]]:
    """Have the recogniser merge or split; what it did, and the decisions it held before (for Undo).

    Raises what the recogniser raises.
    """
    loaded = recognizers.for_learning(project.pk)
    before = deepcopy(loaded.recognizer.memory.decisions)
    with loaded.lock:
        done = change(loaded.recognizer)
    return done, collect_previous_decisions(before, loaded.recognizer.memory.decisions)


def collect_previous_decisions(before: Decisions, after: Decisions) -> dict[str, dict[str, Any]]:
    """What the recogniser held before of everything that a change decided; null: nothing."""
    return {
        kind: {
            key: to_builtins(getattr(before, kind).get(key))
            for key, value in getattr(after, kind).items()
            if getattr(before, kind).get(key) != value
        }
        for kind in after.__struct_fields__
    }
