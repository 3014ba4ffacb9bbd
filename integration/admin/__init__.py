"""The Django admin of what stands on all apps: thresholds of a project, API keys."""

from integration.admin import api_keys, thresholds

__all__ = ["api_keys", "thresholds"]
