"""Logs of decisions whose truth is known."""

from __future__ import annotations

import numpy as np

from optimizations.engine.statistics.off_policy import LoggedRequest, predict_values


def adaptive(seed: int, n: int = 1500) -> tuple[list[LoggedRequest], float]:
    """Two patterns in which the new arm does differently, and a share of it that follows what was
    seen: the naive mean is biased by both. The log, and the true value of "b everywhere"."""
    rng, rows, share = np.random.default_rng(seed), [], {"x": 0.1, "y": 0.1}
    right, n_right = {"x": 0.9, "y": 0.5}, {"x": 1.0, "y": 1.0}
    for k in range(n):
        context = "x" if rng.random() < 0.5 else "y"
        chosen = "b" if rng.random() < share[context] else "a"
        value = float(rng.random() < (right[context] if chosen == "b" else 0.7))
        chances = (1 - share[context], share[context])
        rows.append(LoggedRequest(context, ("a", "b"), chances, chosen, value))
        if chosen == "b":
            n_right[context] += value - 0.5
        if k % 100 == 99:
            share = {c: 0.6 if n_right[c] > 4 else 0.1 for c in share}
    return predict_values(rows), 0.7
