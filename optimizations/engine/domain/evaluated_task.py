"""One task of an evaluation set: answered by several models, each answer scored; never traffic."""

from __future__ import annotations

import msgspec

from optimizations.engine.domain.task import Json


class EvaluatedAnswer(msgspec.Struct, frozen=True):
    """`quality` 0 to 1, `success` where both were told. `cost` None: unknown, never free."""

    model_id: str
    parameters: dict[str, Json]
    quality: float
    success: bool | None = None
    cost: float | None = None
    duration: float | None = None

    def fits(self, model_id: str, parameters: dict[str, Json]) -> bool:
        """Whether this is what the model answers with these parameters; those left out fit any."""
        own = self.parameters
        return self.model_id == model_id and all(own.get(k, v) == v for k, v in parameters.items())


class EvaluatedTask(msgspec.Struct, frozen=True):
    """`weight` (0 to 1) makes up for patterns that the set holds more of than the traffic does."""

    id: str
    task_type: str
    pattern: str
    weight: float
    answers: tuple[EvaluatedAnswer, ...]

    def find(self, model_id: str, parameters: dict[str, Json]) -> EvaluatedAnswer | None:
        return next((a for a in self.answers if a.fits(model_id, parameters)), None)
