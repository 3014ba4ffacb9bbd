from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.engine.confidence.model import ConfidenceModel
from patterns.engine.recognizer import DefaultPatternRecognizer
from tests.benchmarks.confidence.confidence_streams import Objects, Prompts
from tests.benchmarks.confidence.fit_confidence import auroc, calibration_error

SEEDS = (9001, 9002, 9003)  # worlds the coefficients were not fitted on
ANY = st.dictionaries(
    st.sampled_from(
        ["score", "runner_up_score", "n", "coverage", "bound", "kind:drain", "kind:odd", "x"]
    ),
    st.floats(allow_nan=True, allow_infinity=True),
)


def stream(
    length: int, chance_of: Callable[[float], float], seed: int = 1, kind: str = "prompt"
) -> Iterator[tuple[dict[str, float], bool]]:
    rng = random.Random(seed)
    for _ in range(length):
        score = rng.random()
        features = {"score": score, "n": rng.randint(1, 50), "coverage": 0.5, f"kind:{kind}": 1.0}
        yield features, rng.random() < chance_of(score)


def test_a_clear_match_is_surer_than_a_close_one() -> None:
    model = ConfidenceModel()
    clear = {"score": 1.0, "runner_up_score": 0.1, "n": 40, "kind:drain": 1.0}
    close = {"score": 0.6, "runner_up_score": 0.6, "n": 40, "kind:drain": 1.0}
    assert model.predict(clear)[0] > model.predict(close)[0]


def test_nothing_is_called_calibrated_without_evidence() -> None:
    assert ConfidenceModel().predict({"score": 0.9, "kind:prompt": 1.0})[1] is False


def test_chances_become_what_happens() -> None:
    model = ConfidenceModel()
    for features, right in stream(1500, lambda score: 0.2 + 0.6 * score, kind="drain"):
        model.update(features, right)
    unseen = stream(200, bool, 2, "drain")
    gaps = [model.predict(f)[0] - (0.2 + 0.6 * f["score"]) for f, _ in unseen]
    assert abs(sum(gaps) / len(gaps)) < 0.04
    assert max(map(abs, gaps)) < 0.2
    assert model.predict({"score": 0.5, "kind:drain": 1.0})[1] is True


def test_agreement_about_prompts_is_not_taken_at_its_word() -> None:
    model, judged = ConfidenceModel(), ConfidenceModel()
    features = {"score": 0.9, "n": 9, "kind:prompt": 1.0}
    for _ in range(3000):
        model.update(features, True)
        judged.update(features, True, verdict=True)
    assert model.predict(features)[0] < 0.98 < judged.predict(features)[0]


def test_one_short_key_proves_less_than_a_long_text() -> None:
    model = ConfidenceModel()
    short, long = ({"score": 1.0, "n": 9, "anchored": a, "kind:exact": 1.0} for a in (5, 500))
    assert model.predict(short)[0] < model.predict(long)[0]


def test_a_stream_that_turns_is_not_called_calibrated_until_learnt_again() -> None:
    model = ConfidenceModel()
    for features, _ in stream(300, bool):
        model.update(features, True)
    for features, _ in stream(20, bool, 2):
        model.update(features, False)
    assert model.predict({"score": 0.5, "kind:prompt": 1.0})[1] is False


def test_methods_learn_apart() -> None:
    model = ConfidenceModel()
    before = model.predict({"score": 0.7, "kind:drain": 1.0})
    for features, _ in stream(200, bool):
        model.update(features, False)
    assert model.predict({"score": 0.7, "kind:drain": 1.0}) == before


def test_free_text_learns_from_people_only() -> None:
    model = ConfidenceModel()
    features = {"score": 0.5, "kind:similarity": 1.0}
    before = model.predict(features)
    for _ in range(50):
        model.update(features, True)
    assert model.predict(features) == before
    for _ in range(50):
        model.update(features, True, verdict=True)
    assert model.predict(features)[0] > before[0]


@pytest.mark.parametrize("doubt", ["divided", "chosen", "bound", "paired"])
def test_a_pattern_that_looks_like_two_templates_is_less_sure(doubt: str) -> None:
    model = ConfidenceModel()
    features = {"score": 0.8, "n": 20, "coverage": 0.5, "anchors": 20, "kind:prompt": 1.0}
    assert model.predict({**features, doubt: 0.5})[0] < model.predict(features)[0]


def test_what_an_older_version_learnt_from_other_features_is_left_behind() -> None:
    older = {"prompt": {"mean": [0.5] * 8, "precision": [[1.0] * 8] * 8, "labels": 500}}
    model = ConfidenceModel.from_bytes(msgspec.msgpack.encode(older))
    assert model.predict({"kind:prompt": 1.0}) == ConfidenceModel().predict({"kind:prompt": 1.0})


def judged(stream: Sequence[tuple[Any, Any]]) -> tuple[Any, ...]:
    """(chances, right) after the last repair, of lines in a pattern with others."""
    recognizer = DefaultPatternRecognizer()
    for number, (observation, _) in enumerate(stream, 1):
        recognizer.learn_one(observation)
        if number in (100, 400):
            recognizer.consolidate()
    recognizer.consolidate()
    matches = [recognizer.match_one(observation) for observation, _ in stream]
    votes: dict[str, list[Any]] = {}
    found = [(m, label) for m, (_, label) in zip(matches, stream, strict=True) if m is not None]
    for match, label in found:
        votes.setdefault(match.pattern_id, []).append(label)
    rows = [
        (match.confidence, max(set(own), key=own.count) == label)
        for match, label in found
        if len(own := votes[match.pattern_id]) > 1
    ]
    return tuple(np.array(column, dtype=float) for column in zip(*rows, strict=True))


@pytest.mark.parametrize(
    "streams",
    [
        [Objects(seed, 80).stream(700) for seed in SEEDS],
        [Prompts(seed, 30, 0.4).stream(300) for seed in SEEDS],
    ],
    ids=["objects", "prompts"],
)
def test_streams_never_seen_get_the_chances_they_deserve(
    streams: Sequence[Sequence[tuple[Any, Any]]],
) -> None:
    columns = zip(*map(judged, streams), strict=True)
    chances, right = map(np.concatenate, columns)
    assert 0.8 < right.mean() < 0.995
    assert calibration_error(chances, right) < 0.05
    assert auroc(chances, right) > 0.75


@given(st.lists(st.tuples(ANY, st.booleans()), max_size=20))
def test_any_features_give_a_chance_and_bytes_carry_it(
    rows: list[tuple[dict[str, float], bool]],
) -> None:
    model = ConfidenceModel()
    for features, right in rows:
        model.update(features, right)
        chance, _ = model.predict(features)
        assert 0 <= chance <= 1
        assert math.isfinite(chance)
    copy = ConfidenceModel.from_bytes(model.to_bytes())
    assert [copy.predict(f) for f, _ in rows] == [model.predict(f) for f, _ in rows]
