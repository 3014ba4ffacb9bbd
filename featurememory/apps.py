from django.apps import AppConfig


class FeatureMemoryApp(AppConfig):
    name = "featurememory"
    verbose_name = "Feature Memory"

    def ready(self) -> None:
        from django.conf import settings

        from featurememory import checks  # noqa: F401
        from featurememory.audit import sign_ins

        sign_ins.connect()

        if not settings.EMBEDDED:  # else tasks would be sent to Celery's default broker
            from featurememory import celery  # noqa: F401
