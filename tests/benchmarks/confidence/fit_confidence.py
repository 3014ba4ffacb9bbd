"""Where the coefficients of `patterns/engine/confidence.py` come from, and what they are worth.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/confidence/fit_confidence.py [--worlds 24] [--first 0]

Learns invented streams (`confidence_streams`), notes what speaks for each answer and whether it was
right: whether the line's template is that of most lines of its pattern. Prints the coefficients
fitted on the even worlds (a logistic regression with a ridge, each world and phase weighing the
same from 500 answers on), then calibration error and AUROC of those coefficients on the odd worlds.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from patterns.engine.confidence.model import TERMS, ConfidenceModel, build_row
from patterns.engine.recognizer import DefaultPatternRecognizer
from tests.benchmarks.confidence.confidence_streams import Labelled, worlds

USED = {
    "prompt": (
        *("constant", "uses", "coverage", "young", "closed", "chosen", "bound", "paired"),
        *("strange", "unsettled", "few"),
    ),
    "shape": ("constant", "score", "margin", "young", "anchored", "divided", "chosen"),
}
RIDGE, ENOUGH = 1.0, 500
Floats = npt.NDArray[np.float64]
Answer = tuple[str, str, str, dict[str, float]]  # phase, label, pattern, features


class Listening(ConfidenceModel):
    """Remembers what it was asked, and learns nothing from repairs."""

    def predict(self, features: Mapping[str, float]) -> tuple[float, bool]:
        self.asked = dict(features)
        return super().predict(features)

    def update(self, features: Mapping[str, float], right: bool, *, verdict: bool = False) -> None:
        return


def answers_to(stream: Sequence[Labelled]) -> list[Answer]:
    """What the recogniser said on arrival and, of all lines, after the last repair."""
    recognizer = DefaultPatternRecognizer()
    recognizer.memory.confidence = listening = Listening()
    found: list[Answer] = []
    due = 100
    for number, (observation, label) in enumerate(stream, 1):
        match = recognizer.learn_one(observation)
        if not match.created:
            found.append(("arrival", label, match.pattern_id, listening.asked))
        if number == due:
            recognizer.consolidate()
            due *= 2
    recognizer.consolidate()
    for observation, label in stream:
        late = recognizer.match_one(observation)
        if late is not None:
            found.append(("final", label, late.pattern_id, listening.asked))
    return found


def judged(answers: Sequence[Answer], phase: str) -> list[tuple[dict[str, float], bool]]:
    """(features, right) of the answers of a phase; a pattern with one line is no answer."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for when, label, pattern, _ in answers:
        if when == phase:
            votes[pattern][label] += 1
    return [
        (features, votes[pattern].most_common(1)[0][0] == label)
        for when, label, pattern, features in answers
        if when == phase and (phase == "arrival" or votes[pattern].total() > 1)
    ]


def fitted(rows: Floats, right: Floats, weight: Floats) -> Floats:
    """Newton's method for a logistic regression with a ridge on all but the constant."""
    chances = np.zeros(rows.shape[1])
    ridge = np.full(rows.shape[1], RIDGE)
    ridge[0] = 1e-3
    for _ in range(40):
        mean = 1 / (1 + np.exp(-np.clip(rows @ chances, -30, 30)))
        slope = rows.T @ (weight * (right - mean)) - ridge * chances
        bend = (rows * (weight * mean * (1 - mean) + 1e-9)[:, None]).T @ rows + np.diag(ridge)
        chances += np.linalg.solve(bend, slope)
    return chances


def calibration_error(chances: Floats, right: Floats) -> float:
    """Expected calibration error in ten bins."""
    bins = np.minimum(9, (chances * 10).astype(int))
    gaps = [abs(float((chances - right)[bins == one].sum())) for one in range(10)]
    return sum(gaps) / max(1, len(right))


def auroc(chances: Floats, right: Floats) -> float | None:
    """The chance that a right answer has more confidence than a wrong one; None without both."""
    good, bad = np.sort(chances[right == 1]), chances[right == 0]
    if not len(good) or not len(bad):
        return None
    above = len(good) - np.searchsorted(good, bad, "right")
    ties = np.searchsorted(good, bad, "right") - np.searchsorted(good, bad, "left")
    return float((above + ties / 2).mean() / len(good))


def of_kind(
    pairs: Sequence[tuple[dict[str, float], bool]], kind: str
) -> tuple[Floats, Floats, Floats]:
    """Rows of terms, outcomes and weights."""
    own = [(features, right) for features, right in pairs if f"kind:{kind}" in features]
    columns = [TERMS.index(term) for term in USED[kind]]
    rows = np.array([build_row(features) for features, _ in own]).reshape(-1, len(TERMS))
    weight = np.full(len(own), min(1.0, ENOUGH / max(1, len(own))))
    return rows[:, columns], np.array([float(right) for _, right in own]), weight


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=24)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    parts: dict[tuple[str, str, bool], list[tuple[Floats, Floats, Floats]]] = defaultdict(list)
    for seed in range(options.first, options.first + options.worlds):
        for _, stream in worlds([seed]):
            answers = answers_to(stream)
            for phase in ("arrival", "final"):
                for kind in USED:
                    part = of_kind(judged(answers, phase), kind)
                    if len(part[1]):
                        parts[kind, phase, bool(seed % 2)].append(part)
    for kind in USED:
        report(kind, parts)


def report(
    kind: str, parts: Mapping[tuple[str, str, bool], list[tuple[Floats, Floats, Floats]]]
) -> None:
    train = parts[kind, "arrival", False] + parts[kind, "final", False]
    rows, right, weight = (np.concatenate(column) for column in zip(*train, strict=True))
    found = fitted(rows, right, weight)
    print(kind, {term: round(float(one), 2) for term, one in zip(USED[kind], found, strict=True)})
    for phase in ("arrival", "final"):
        scored = [(1 / (1 + np.exp(-r @ found)), y) for r, y, _ in parts[kind, phase, True]]
        errors = [calibration_error(chances, y) for chances, y in scored]
        areas = [area for chances, y in scored if (area := auroc(chances, y)) is not None]
        print(f"  {phase:8s} ECE {np.mean(errors):.3f}  AUROC {np.mean(areas):.3f}")


if __name__ == "__main__":
    main()
