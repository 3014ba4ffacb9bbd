"""What became of the answer of a shadow that came in."""

from __future__ import annotations

from enum import Enum

UNMATCHED = (
    "This project knows no decision of this id, or no longer, so that there is nothing to compare the "
    "answer with: it was taken, and not kept. Decisions go with the oldest interactions; after a backup "
    "was restored those made since are unknown."
)


class ShadowReceipt(Enum):
    STORED = "stored"
    DUPLICATE = "duplicate"
    UNMATCHED = "unmatched"  # its decision is gone: no fault of whoever ran it

    @property
    def is_accepted(self) -> bool:
        return self is not ShadowReceipt.DUPLICATE

    def describe(self, name: str) -> dict[str, str]:
        """The answer to a shadow that was sent alone."""
        told = {"id": name, "status": self.value}
        return told | ({"detail": UNMATCHED} if self is ShadowReceipt.UNMATCHED else {})
