from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.backends.signals import connection_created


class FeatureMemoryApp(AppConfig):
    name = "featurememory"
    verbose_name = "Feature Memory"

    def ready(self) -> None:
        from django.conf import settings

        from featurememory import checks  # noqa: F401
        from featurememory.audit import sign_ins
        from featurememory.database import text_search

        sign_ins.connect()
        text_search.register_search()
        connection_created.connect(text_search.add_functions)

        if not settings.EMBEDDED:  # else tasks would be sent to Celery's default broker
            from featurememory import celery  # noqa: F401


class RoleAdminConfig(AdminConfig):
    """Django's admin, entered and limited by the roles of projects."""

    default_site = "featurememory.access.admin_site.RoleAdminSite"
