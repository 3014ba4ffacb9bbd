"""What would another policy have been worth? Answered from the log, or refused.

Doubly robust: a model's prediction for the untried choice plus the weighted error of that
prediction where the choice was made by chance. Dudík, Langford & Li, "Doubly robust policy
evaluation and learning", ICML 2011. The effective sample size (Kish, 1965) says how many of the
logged requests really speak about the question; with too few there is no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

LEAST_SIZE = 50.0  # effective requests below which the question is not answered
LEAST_SUPPORT = 0.8  # share of requests in which the wished-for arm was possible
WIDTH = 1.96


class Logged(msgspec.Struct, frozen=True):
    """One logged request: the arms it could have had with their chances, the one it got, and y.

    `predicted` maps each arm to the value expected of it beforehand.
    """

    context: str
    arms: tuple[str, ...]
    probabilities: tuple[float, ...]
    chosen: str
    value: float
    predicted: dict[str, float]


class Estimate(msgspec.Struct, frozen=True):
    """`value` per request with its interval, or `refused` with the reason in words."""

    n: int
    effective_n: float
    support: float
    value: float | None = None
    low: float | None = None
    high: float | None = None
    refused: str = ""


def evaluate(log: Sequence[Logged], policy: Callable[[str], str]) -> Estimate:
    """The mean value if `policy(context)` had chosen the arm of every request."""
    wished = [policy(row.context) for row in log]
    possible = [w in r.arms for w, r in zip(wished, log, strict=True)]
    support = float(np.mean(possible)) if log else 0.0
    weights = np.array([_weight(row, arm) for row, arm in zip(log, wished, strict=True)])
    size = float(weights.sum() ** 2 / max(1e-12, (weights**2).sum())) if log else 0.0
    if support < LEAST_SUPPORT or size < LEAST_SIZE:
        share = f"{support:.0%} of the requests could have been served so"
        text = f"The log does not tell: {share}, {size:.0f} of {len(log)} speak about it."
        return Estimate(len(log), size, support, refused=text)
    scores = np.array(
        [
            row.predicted.get(arm, 0.0) + w * (row.value - row.predicted.get(row.chosen, 0.0))
            for row, arm, w, ok in zip(log, wished, weights, possible, strict=True)
            if ok
        ]
    )
    value, half = float(scores.mean()), WIDTH * float(scores.std() / np.sqrt(len(scores)))
    return Estimate(len(log), size, support, value, value - half, value + half)


def _weight(row: Logged, arm: str) -> float:
    """1 / chance where the logged choice is the wished one, else 0."""
    if row.chosen != arm or arm not in row.arms:
        return 0.0
    return 1.0 / row.probabilities[row.arms.index(arm)]
