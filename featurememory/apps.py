from django.apps import AppConfig


class FeatureMemoryApp(AppConfig):
    name = "featurememory"
    verbose_name = "Feature Memory"

    def ready(self) -> None:
        from featurememory import checks  # noqa: F401
