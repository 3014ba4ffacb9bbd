"""The Celery app: `celery -A featurememory worker` and `celery -A featurememory beat`."""

import os

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "featurememory.settings")

app = Celery("featurememory")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def build_tables(**_: object) -> None:
    """Repairs run in a thread beside the tasks, and every pool process inherits the tables."""
    from integration.startup import build_struct_tables

    build_struct_tables()
