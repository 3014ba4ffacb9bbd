"""How likely it is that a match is right.

One logistic regression per method, moved by every match that turned out right or wrong (a Gaussian
posterior, one Newton step a label: Spiegelhalter and Lauritzen, 1990). Where it starts: for prompts
and objects from invented streams (`tests/benchmarks/confidence/fit_confidence.py`), for logs and
free text from labelled ones. docs/adr/0003-confidence.md says what it is worth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec
import numpy as np
import numpy.typing as npt

TERMS = (
    *("constant", "score", "exact", "margin", "uses", "coverage", "young", "anchored"),
    *("divided", "closed", "chosen", "bound", "paired", "strange", "unsettled", "few"),
)
# Coefficients of the terms, zero where nothing is said.
_START: Mapping[str, Mapping[str, float]] = {
    "drain": dict(zip(TERMS, (-1.31, 2.16, 1.80, 0.82, 2.17, -0.01, 1.00), strict=False)),
    "similarity": dict(zip(TERMS, (-4.37, 5.81, 0.00, 0.10, -0.11, -0.04, 1.44), strict=False)),
    "prompt": {
        **{"constant": 3.10, "uses": 0.54, "coverage": 2.47, "young": -2.16, "closed": -2.52},
        **{"chosen": -2.66, "bound": -1.21, "paired": -0.22, "strange": -2.92},
        **{"unsettled": -1.80, "few": -0.79},
    },
    "shape": {
        **{"constant": 2.59, "score": 1.27, "margin": 1.56, "young": -3.49, "anchored": 1.99},
        **{"divided": -1.47, "chosen": -2.88},
    },
    "exact": dict(zip(TERMS, (-1.00, 0.50, 1.50, 0.50, 1.00, 0.00, 0.00, 6.00), strict=False)),
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


class _MethodModel(msgspec.Struct):
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
    `anchored` how many characters of fixed text the match rests on (JSON: of its keys), `anchors`
    how many runs of tokens, `unsettled` 1.0 before a repair looked at the pattern, `strange` how
    unusual the length is, `divided`, `chosen`, `bound`, `paired` as in
    `gap_statistics.Cohesion`, and `kind:<name>` as 1.0 for the method that matched ("prompt", "drain",
    "similarity", "shape", "exact").

    >>> model = ConfidenceModel()
    >>> sure, _ = model.predict({"score": 1.0, "n": 500, "kind:drain": 1.0})
    >>> unsure, _ = model.predict({"score": 0.4, "n": 1, "kind:drain": 1.0})
    >>> sure > 0.95 > unsure
    True
    """

    def __init__(self) -> None:
        self._kinds: dict[str, _MethodModel] = {}

    def update(self, features: Mapping[str, float], right: bool, *, verdict: bool = False) -> None:
        """Learns one outcome. `verdict` says that a person judged; else it is agreement."""
        name = _find_method(features)
        if name in _SELF_DECEIVING and not verdict:
            return
        kind = self._kinds.setdefault(name, _start_model(name))
        row = build_row(features)
        chance = _predict_chance(kind, row)
        outcome = float(right) * (1 - (0 if verdict else _OPTIMISM.get(name, 0.0)))
        _note_label(kind, chance, outcome, verdict)
        _update_model(kind, row, outcome - chance, max(_LEAST_SPREAD, chance * (1 - chance)))

    def predict(self, features: Mapping[str, float]) -> tuple[float, bool]:
        """The chance (0 to 1), and whether there was evidence enough to call it calibrated."""
        name = _find_method(features)
        kind = self._kinds.get(name)
        return _predict_chance(
            kind or _start_model(name), build_row(features)
        ), kind is not None and _is_tried(kind)

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(dict(sorted(self._kinds.items())))

    @classmethod
    def from_bytes(cls, data: bytes) -> ConfidenceModel:
        model = cls()
        kinds = msgspec.msgpack.decode(data, type=dict[str, _MethodModel])
        model._kinds = {name: kind for name, kind in kinds.items() if len(kind.mean) == len(TERMS)}
        return model


def _find_method(features: Mapping[str, float]) -> str:
    """The method named in the features; an unmeasured one is treated as the least certain known."""
    named = (key[5:] for key, value in features.items() if key.startswith("kind:") and value > 0)
    return next((name for name in sorted(named) if name in _START), _UNKNOWN)


def build_row(features: Mapping[str, float]) -> npt.NDArray[np.float64]:
    """The terms of a match, in the order of `TERMS`, each about 0 to 1."""
    get = features.get
    score = _clip(get("score", 0.5), 0.0, 1.0)
    margin = _clip(score - _clip(get("runner_up_score", 0.0), 0.0, 1.0), -0.5, 1.0)
    uses = _clip(get("n", 1.0), 0.0, 1e9)
    divided = _clip(get("divided", 0.0), 0.0, 1.0)
    return np.array(
        [
            1.0,
            score,
            score >= 0.999,
            margin,
            math.log1p(uses) / 5,
            _clip(get("coverage", 0.5), 0.0, 1.0),
            1 / (1 + uses),
            math.log1p(_clip(get("anchored", 100.0), 0.0, 1e6)) / 8,
            divided,
            math.log1p(20 * divided) / 3,
            _clip(get("chosen", 0.0), 0.0, 1.0),
            2 * _clip(get("bound", 0.0), 0.0, 0.5),
            2 * _clip(get("paired", 0.0), 0.0, 0.5),
            _clip(get("strange", 0.0), 0.0, 4.0) / 4,
            _clip(get("unsettled", 0.0), 0.0, 1.0),
            4 / (4 + _clip(get("anchors", 0.0), 0.0, 1e6)),
        ]
    )


def _clip(value: float, low: float, high: float) -> float:
    return min(high, max(low, value)) if math.isfinite(value) else low


def _start_model(name: str) -> _MethodModel:
    start = [_START[name].get(term, 0.0) for term in TERMS]
    return _MethodModel(start, (np.eye(len(start)) * _TRUST_IN_START).tolist())


def _predict_chance(kind: _MethodModel, row: npt.NDArray[np.float64]) -> float:
    return 1 / (1 + math.exp(-_clip(float(row @ np.array(kind.mean)), -30.0, 30.0)))


def _update_model(
    kind: _MethodModel, row: npt.NDArray[np.float64], surprise: float, spread: float
) -> None:
    start = np.eye(len(row)) * _TRUST_IN_START
    precision = _FORGET * np.array(kind.precision) + (1 - _FORGET) * start
    precision += spread * np.outer(row, row)
    step = np.linalg.solve(precision, row) * surprise
    kind.mean = (np.array(kind.mean) + step).tolist()
    kind.precision = precision.tolist()


def _note_label(kind: _MethodModel, chance: float, outcome: float, verdict: bool) -> None:
    kind.labels += 1
    kind.verdicts += verdict
    kind.gap = _RECENT * kind.gap + chance - outcome
    kind.weight = _RECENT * kind.weight + 1


def _is_tried(kind: _MethodModel) -> bool:
    enough = kind.labels >= _ENOUGH or kind.verdicts >= _ENOUGH_VERDICTS
    return enough and abs(kind.gap) <= _TOLERANCE * kind.weight
