"""Rows that the admin shows and nobody edits by hand."""

from __future__ import annotations

from typing import Any


class ReadOnly:
    """A mixin for ModelAdmin classes."""

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any) -> bool:
        return False

    def has_delete_permission(self, *_: Any) -> bool:
        return False
