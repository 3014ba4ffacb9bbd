from django.apps import AppConfig


class OptimizationsApp(AppConfig):
    name = "optimizations"
    verbose_name = "Optimizations"
