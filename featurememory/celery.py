"""The Celery app: `celery -A featurememory worker` and `celery -A featurememory beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "featurememory.settings")

app = Celery("featurememory")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
