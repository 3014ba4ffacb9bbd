from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class FeatureMemoryApp(AppConfig):
    name = "featurememory"
    verbose_name = "Feature Memory"

    def ready(self) -> None:
        from django.conf import settings

        from featurememory import checks  # noqa: F401

        if not settings.EMBEDDED:  # else tasks would be sent to Celery's default broker
            from featurememory import celery  # noqa: F401


class RoleAdminConfig(AdminConfig):
    """Django's admin, entered and limited by the roles of projects."""

    default_site = "featurememory.access.admin_site.RoleAdminSite"
