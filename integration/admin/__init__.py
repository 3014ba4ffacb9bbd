"""The Django admin: thresholds of projects, API keys."""

from integration.admin import api_keys, thresholds

__all__ = ["api_keys", "thresholds"]
