from django.apps import AppConfig


class IntegrationApp(AppConfig):
    name = "integration"
    verbose_name = "Integration"
