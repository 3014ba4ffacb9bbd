"""Read-only models in the admin."""

from __future__ import annotations

from typing import Any


class ReadOnly:
    """A mixin for ModelAdmin: no adding, changing or deleting."""

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any) -> bool:
        return False

    def has_delete_permission(self, *_: Any) -> bool:
        return False
