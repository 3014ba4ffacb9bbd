"""How likely it is that a match is right.

One logistic regression per method, started from coefficients measured on labelled streams and
moved by every match that turned out right or wrong (a Gaussian posterior, one Newton step a label:
Spiegelhalter and Lauritzen, 1990). Leaving one stream out, the coefficients alone have a
calibration error of .013 on logs and .033 to .048 on free text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

# Of a constant; the score; whether it is 1; the margin; the logarithm of the uses / 5; the
# coverage; 1 / (1 + uses), for patterns that are young; the logarithm of the anchored text / 8,
# for little text ("{value}" as the only key) proves little.
_START: Mapping[str, Sequence[float]] = {
    "drain": (-1.31, 2.16, 1.80, 0.82, 2.17, -0.01, 1.00, 0.00),
    "similarity": (-4.37, 5.81, 0.00, 0.10, -0.11, -0.04, 1.44, 0.00),
    "prompt": (-2.50, 0.30, 0.00, 0.50, 1.80, 1.90, 0.00, 6.00),
    "exact": (-1.00, 0.50, 1.50, 0.50, 1.00, 0.00, 0.00, 6.00),
}
_UNKNOWN = "prompt"
_TRUST_IN_START = 100.0  # precision of each coefficient: so many labels move it
_FORGET = 0.999  # of what was learnt stays with each label, so that a stream may change
_LEAST_SPREAD = 0.02  # of a label: surprises count even where all seemed sure

# Regrouping free text agrees with itself where it is wrong (measured: agreement .77 to .83, truth
# .43 to .50), so only verdicts of people count there.
_SELF_DECEIVING = frozenset({"similarity"})
# Consolidated prompts are themselves wrong now and then (.7 % and 6 % on two streams).
_OPTIMISM = {"prompt": 0.03}
_ENOUGH, _ENOUGH_VERDICTS = 100, 30  # labels before the answer is called calibrated
_TOLERANCE = 0.1  # recent mean of (chance - outcome) up to which it stays so
_RECENT = 0.99


class _Kind(msgspec.Struct):
    mean: list[float]
    precision: list[list[float]]
    labels: int = 0
    verdicts: int = 0
    gap: float = 0.0  # recent sum of chance - outcome, and the weight behind it
    weight: float = 0.0


class ConfidenceModel:
    """The chance that a match is right, learnt online from matches known to be right or wrong.

    Features (a missing one counts as unknown): `score` and `runner_up_score` in [0, 1], `n` the
    number of uses of the pattern, `coverage` the share of the text the template explains,
    `anchored` how many characters of fixed text the match rests on (JSON: of its keys), and
    `kind:<name>` as 1.0 for the method that matched ("prompt", "drain", "similarity", "exact").

    >>> model = ConfidenceModel()
    >>> sure, _ = model.predict({"score": 1.0, "n": 500, "kind:drain": 1.0})
    >>> unsure, _ = model.predict({"score": 0.4, "n": 1, "kind:drain": 1.0})
    >>> sure > 0.95 > unsure
    True
    """

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def update(self, features: Mapping[str, float], right: bool, *, verdict: bool = False) -> None:
        """Learns one outcome. `verdict` says that a person judged; else it is agreement."""
        name = _kind_of(features)
        if name in _SELF_DECEIVING and not verdict:
            return
        kind = self._kinds.setdefault(name, _started(name))
        row = _row(features)
        chance = _chance(kind, row)
        outcome = float(right) * (1 - (0 if verdict else _OPTIMISM.get(name, 0.0)))
        _note(kind, chance, outcome, verdict)
        _learn(kind, row, outcome - chance, max(_LEAST_SPREAD, chance * (1 - chance)))

    def predict(self, features: Mapping[str, float]) -> tuple[float, bool]:
        """The chance (0 to 1), and whether there was evidence enough to call it calibrated."""
        name = _kind_of(features)
        kind = self._kinds.get(name)
        return _chance(kind or _started(name), _row(features)), kind is not None and _tried(kind)

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(dict(sorted(self._kinds.items())))

    @classmethod
    def from_bytes(cls, data: bytes) -> ConfidenceModel:
        model = cls()
        model._kinds = msgspec.msgpack.decode(data, type=dict[str, _Kind])
        return model


def _kind_of(features: Mapping[str, float]) -> str:
    """A method nobody measured counts as the least certain of those that were."""
    named = (key[5:] for key, value in features.items() if key.startswith("kind:") and value > 0)
    return next((name for name in sorted(named) if name in _START), _UNKNOWN)


def _row(features: Mapping[str, float]) -> npt.NDArray[np.float64]:
    score = _between(features.get("score", 0.5), 0.0, 1.0)
    margin = _between(score - _between(features.get("runner_up_score", 0.0), 0.0, 1.0), -0.5, 1.0)
    uses = _between(features.get("n", 1.0), 0.0, 1e9)
    coverage = _between(features.get("coverage", 0.5), 0.0, 1.0)
    exact = float(score >= 0.999)
    anchored = math.log1p(_between(features.get("anchored", 100.0), 0.0, 1e6)) / 8
    young = 1 / (1 + uses)
    return np.array([1, score, exact, margin, math.log1p(uses) / 5, coverage, young, anchored])


def _between(value: float, low: float, high: float) -> float:
    return min(high, max(low, value)) if math.isfinite(value) else low


def _started(name: str) -> _Kind:
    start = list(_START[name])
    return _Kind(start, (np.eye(len(start)) * _TRUST_IN_START).tolist())


def _chance(kind: _Kind, row: npt.NDArray[np.float64]) -> float:
    return 1 / (1 + math.exp(-_between(float(row @ np.array(kind.mean)), -30.0, 30.0)))


def _learn(kind: _Kind, row: npt.NDArray[np.float64], surprise: float, spread: float) -> None:
    start = np.eye(len(row)) * _TRUST_IN_START
    precision = _FORGET * np.array(kind.precision) + (1 - _FORGET) * start
    precision += spread * np.outer(row, row)
    step = np.linalg.solve(precision, row) * surprise
    kind.mean = (np.array(kind.mean) + step).tolist()
    kind.precision = precision.tolist()


def _note(kind: _Kind, chance: float, outcome: float, verdict: bool) -> None:
    kind.labels += 1
    kind.verdicts += verdict
    kind.gap = _RECENT * kind.gap + chance - outcome
    kind.weight = _RECENT * kind.weight + 1


def _tried(kind: _Kind) -> bool:
    enough = kind.labels >= _ENOUGH or kind.verdicts >= _ENOUGH_VERDICTS
    return enough and abs(kind.gap) <= _TOLERANCE * kind.weight
