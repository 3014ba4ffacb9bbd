"""A memory inside a program: a notebook, a batch or an example that runs no server.

Imports nothing of Django at its top: the settings read the data directory when they are loaded.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featurememory.models import Project


def open_memory(data_dir: Path | str, name: str = "default") -> Project:
    """Open the data in this folder, which is made if need be, and the project of this name in it.

    Once in a process, before anything else of Feature Memory is imported. No server may use the
    folder at the same time.

    >>> project = open_memory("~/memory", "notebook")
    """
    os.environ["FM_DATA_DIR"] = str(Path(data_dir).expanduser())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "featurememory.settings")
    import django

    django.setup()
    from featurememory.models import Project
    from integration.startup import migrate_database

    migrate_database()
    return Project.objects.get_or_create(name=name)[0]


def learn_and_review(project: Project) -> int:
    """What a server does in the background: recognise what came, judge what is on trial. How many
    interactions were recognised."""
    from integration.tasks import learn_pending, review_optimizations

    count = learn_pending(str(project.pk))
    review_optimizations()
    return count
