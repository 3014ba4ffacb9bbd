from django.apps import AppConfig


class PatternsApp(AppConfig):
    name = "patterns"
    verbose_name = "Patterns"
