"""A turn at the recogniser: under the lease, in one transaction, saved at its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Project
from patterns.models import Learner
from patterns.recognition.lease import hold_lease
from patterns.recognition.recognizer_cache import recognizers, set_snapshot


@contextmanager
def learning_turn(project: Project) -> Iterator[None]:
    """The lease of the project: what a batch is learning right now must not be mixed with this."""
    for _ in range(20):
        with hold_lease(project.pk) as held:
            if held:
                with recognizers.saved_or_dropped(project.pk):
                    yield
                return
        time.sleep(0.25)
    raise FeatureMemoryError(
        "The patterns are being learned right now; nothing was changed, try again.",
        ErrorCode.OVERLOADED,
        {"retry_after": 2},
    )


def save_recognizer(project: Project) -> None:
    """Write what the engine changed by a person's decision, and its memory of that decision."""
    from patterns.storage.database import DatabasePatternStorage

    kept = recognizers.for_learning(project.pk)
    changes = kept.recognizer.take_changes()
    DatabasePatternStorage(project, kept.recognizer.version).store(
        kept.recognizer.get(name) for name in changes.changed
    )
    learner, _ = Learner.objects.select_for_update().get_or_create(pk=project.pk)
    set_snapshot(learner, kept.recognizer)
    learner.version += 1
    learner.save(update_fields=["snapshot", "unsaved", "version"])
    kept.version = learner.version
