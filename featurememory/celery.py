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
    """Build the type tables before repairs start threads; pool processes inherit them."""
    from integration.startup import build_struct_tables

    build_struct_tables()
