"""The Django admin: thresholds of projects, API keys, people and their roles."""

from integration.admin import api_keys, people, thresholds

__all__ = ["api_keys", "people", "thresholds"]
