"""How likely it is that a match is right."""

from __future__ import annotations

from collections.abc import Mapping


class ConfidenceModel:
    """The chance that a match is right, learnt online from matches known to be right or wrong.

    Features (a missing one counts as unknown): `score` and `runner_up_score` in [0, 1], `n` the
    number of uses of the pattern, `coverage` the share of the text the template explains, and
    `kind:<name>` as 1.0 for the method that matched.
    """

    def update(self, features: Mapping[str, float], right: bool) -> None:
        raise NotImplementedError

    def predict(self, features: Mapping[str, float]) -> tuple[float, bool]:
        """The chance (0 to 1), and whether there was evidence enough to call it calibrated."""
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        raise NotImplementedError

    @classmethod
    def from_bytes(cls, data: bytes) -> ConfidenceModel:
        raise NotImplementedError
