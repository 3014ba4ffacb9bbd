from django.apps import AppConfig
from django.db.backends.signals import connection_created


class FeatureMemoryApp(AppConfig):
    name = "featurememory"
    verbose_name = "Feature Memory"

    def ready(self) -> None:
        from django.conf import settings

        from featurememory import checks  # noqa: F401
        from featurememory.database import text_search

        text_search.register_search()
        connection_created.connect(text_search.add_functions)

        if not settings.EMBEDDED:  # else tasks would be sent to Celery's default broker
            from featurememory import celery  # noqa: F401
