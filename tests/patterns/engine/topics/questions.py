"""Questions about two subjects, and how two alternatives do on them."""

from __future__ import annotations

import random

import numpy as np

from patterns.engine.topics.learn_topics import Values

ASK = "Answer the question of the reader below in one short sentence, please: {}"
BIOLOGY = "enzyme protein membrane nucleus bacteria tissue antibody chromosome neuron plasma"
MATHS = "integral polynomial matrix theorem prime vertex derivative cosine modulus fraction"
PLAIN = "which of these would explain best what happens when somebody looks at a new"
SUBJECTS = (tuple(BIOLOGY.split()), tuple(MATHS.split()))
COMMON = tuple(PLAIN.split())


def write_question(number: int) -> str:
    rng = random.Random(number)
    words = rng.choices(SUBJECTS[number % 2], k=5) + rng.choices(COMMON, k=6)
    rng.shuffle(words)
    return f"{' '.join(words)} {number}"


def write_questions(count: int) -> list[str]:
    """Of either subject by turns."""
    return [write_question(number) for number in range(count)]


def score_questions(count: int, seed: int = 0, loss: float = 0.5) -> Values:
    """Gains over the incumbent: the first alternative fails at the second subject, the other one nowhere."""
    rng = np.random.default_rng(seed)
    values = np.zeros((count, 2))
    values[1::2, 0] = -1.0 * (rng.random(count // 2) < loss)
    values[:, 1] = rng.integers(-1, 2, count) * (rng.random(count) < 0.1)
    return values
