"""The value of another policy, estimated from the log, or a refusal.

Doubly robust: a model's prediction for the untried choice plus the weighted error of that
prediction where the choice was made by chance. Dudík, Langford & Li, "Doubly robust policy
evaluation and learning", ICML 2011. The effective sample size (Kish, 1965) says how many of the
logged requests are informative; with too few there is no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import msgspec
import numpy as np

LEAST_SIZE = 50.0  # effective requests below which the question is not answered
LEAST_SUPPORT = 0.95  # share of requests in which the wished-for arm was possible
WIDTH = 1.96
OWN, SHARED = 20.0, 10.0  # weights of what is known elsewhere in the mean of an arm


class LoggedRequest(msgspec.Struct, frozen=True):
    """One logged request: the arms it could have had with their chances, the one it got, and y.

    `predicted` maps each arm to the value expected of it beforehand.
    """

    context: str
    arms: tuple[str, ...]
    probabilities: tuple[float, ...]
    chosen: str
    value: float
    predicted: dict[str, float] = {}


class Estimate(msgspec.Struct, frozen=True):
    """`value` per request with its interval, or `refused` with the reason in words."""

    n: int
    effective_n: float
    support: float
    value: float | None = None
    low: float | None = None
    high: float | None = None
    refused: str = ""


Sums: TypeAlias = dict[Any, tuple[float, float]]  # arm, or (context, arm) → total and n
Policy: TypeAlias = Callable[[str], str]  # context → arm


def evaluate_policy(log: Sequence[LoggedRequest], policy: Policy) -> Estimate:
    """The mean value if `policy(context)` had chosen the arm of every request."""
    return _estimate_value(log, [[policy(row.context) for row in log]])


def compare_policies(log: Sequence[LoggedRequest], policy: Policy, other: Policy) -> Estimate:
    """How much more it would have been than under `other`, request by request."""
    return _estimate_value(
        log, [[choose(row.context) for row in log] for choose in (policy, other)]
    )


def _estimate_value(log: Sequence[LoggedRequest], wishes: list[list[str]]) -> Estimate:
    """The first policy's scores less those of the second, when there is one."""
    if not log:
        return Estimate(0, 0.0, 0.0, refused="No newer decision about these tasks has an outcome.")
    possible = np.array(
        [all(arm in row.arms for arm in arms) for row, *arms in zip(log, *wishes, strict=True)]
    )
    support = float(possible.mean())
    size = min(
        _effective_size([_weight(r, a) for r, a in zip(log, w, strict=True)]) for w in wishes
    )
    if support < LEAST_SUPPORT or size < LEAST_SIZE:
        return Estimate(len(log), size, support, refused=_refuse(len(log), size, support))
    scores = np.array(
        [
            [_score(row, arm) for row, arm, ok in zip(log, wished, possible, strict=True) if ok]
            for wished in wishes
        ]
    )
    effects = scores[0] - (scores[1] if len(wishes) > 1 else 0.0)
    value, half = float(effects.mean()), WIDTH * float(effects.std() / np.sqrt(len(effects)))
    return Estimate(len(log), size, support, value, value - half, value + half)


def _score(row: LoggedRequest, arm: str) -> float:
    guess, error = row.predicted.get(arm, 0.0), row.value - row.predicted.get(row.chosen, 0.0)
    return guess + _weight(row, arm) * error


def _refuse(n: int, size: float, support: float) -> str:
    if support < LEAST_SUPPORT:
        return (
            f"Too few decisions to tell: {support:.0%} of the {n:,} logged requests could have been "
            f"served this way, and {LEAST_SUPPORT:.0%} are needed."
        )
    return (
        f"Too few decisions to tell: the {n:,} logged requests say as much about it as {size:.0f} "
        f"would (the effective sample size), and {LEAST_SIZE:.0f} are needed."
    )


def _weight(row: LoggedRequest, arm: str) -> float:
    """1 / chance where the logged choice is the wished one, else 0."""
    if row.chosen != arm or arm not in row.arms:
        return 0.0
    return 1.0 / row.probabilities[row.arms.index(arm)]


def _effective_size(weights: Sequence[float]) -> float:
    squares = sum(w * w for w in weights)
    return sum(weights) ** 2 / squares if squares else 0.0


def predict_values(log: Iterable[LoggedRequest]) -> list[LoggedRequest]:
    """The log with the value expected of each arm beforehand: shrunk means of the past."""
    everywhere: Sums = {}
    here: Sums = {}
    found = []
    for row in log:
        guesses = {}
        for arm in row.arms:
            overall = _shrunk(everywhere.get(arm), SHARED, 0.5)
            guesses[arm] = _shrunk(here.get((row.context, arm)), OWN, overall)
        found.append(msgspec.structs.replace(row, predicted=guesses))
        _add(everywhere, row.chosen, row.value)
        _add(here, (row.context, row.chosen), row.value)
    return found


def _shrunk(sums: tuple[float, float] | None, weight: float, towards: float) -> float:
    total, n = sums or (0.0, 0.0)
    return (total + weight * towards) / (n + weight)


def _add(sums: Sums, key: Any, value: float) -> None:
    total, n = sums.get(key, (0.0, 0.0))
    sums[key] = (total + value, n + 1)
