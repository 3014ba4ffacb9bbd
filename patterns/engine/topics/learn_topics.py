"""Learn topics from answers: texts on which the alternatives do alike are about the same.

Which alternative does how well on a text is predicted from its letters (ridge regression, Hoerl and
Kennard 1970, in the directions of a latent semantic analysis, Deerwester et al. 1990), and texts
with like predictions are clustered. Measured on exam questions of 14 subjects, 2,000 of them with
the answers of 15 models teach topics that are worth as much as the true subjects; topics of the
texts alone are worth between half and three quarters of that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from patterns.engine.domain.arrays import Floats, Integers
from patterns.engine.grouping.free_text.char_ngrams import scale_to_unit
from patterns.engine.grouping.free_text.latent_space import find_axes
from patterns.engine.grouping.free_text.linkage import (
    find_centres,
    run_k_means,
    sum_clusters,
)
from patterns.engine.topics.naming import name_topics
from patterns.engine.topics.topics import Topics, place_texts, weigh_buckets

FEWEST_TEXTS = 1_000  # with answers; fewer do not tell topics from chance
MOST_TEXTS = 3_000  # learned from: 114 MB while that lasts
TEXTS_PER_TOPIC, MOST_TOPICS = 200, 10
LEVEL = 0.5  # of the usual deviation of a profile: see `cluster_profiles`
# Of the regression: some four free parameters. With ten times as many, the topics follow the noise of
# the very answers that are evidence afterwards, and what they seem to gain is not there.
PENALTY = 100.0
BEGINNINGS = 8  # of the clustering
# Standard errors that the predictions of unseen texts are better than chance. As either half predicts
# the other, the figure varies by 1.4 where there is nothing: at most 4.1 of 200 shuffles.
PREDICTABLE = 5.0

Values = npt.NDArray[np.float64]


class LearnedTopics(msgspec.Struct, frozen=True):
    """Topics, the words each is told by, and the share of each among the texts (0 to 1)."""

    topics: Topics
    words: list[list[str]]
    shares: list[float]


def learn_topics(texts: Sequence[str], values: Values, seed: int = 0) -> LearnedTopics | None:
    """Topics of texts by how the alternatives did on them.

    `values` has a row for each text and a column for each alternative: its quality less that of the
    answer in use (-1 to 1), nan where it did not answer. None when there are too few texts, or when
    the texts do not tell how the alternatives do.
    """
    texts, values = texts[:MOST_TEXTS], fill_gaps(values[:MOST_TEXTS])
    if len(texts) < FEWEST_TEXTS or not values.shape[1]:
        return None
    rarity = weigh_buckets(texts)
    rows = place_texts(texts, rarity)
    axes = find_axes(rows)
    if measure_prediction(rows @ axes, values, seed) < PREDICTABLE:
        return None
    slopes = axes @ regress(rows @ axes, values)
    centres, offsets = cluster_profiles(rows @ slopes, seed)
    weights = np.zeros((len(rarity), len(centres)), dtype=np.float32)
    weights[rarity > 0] = slopes @ centres.T
    topics = make_topics(rarity, weights, offsets)
    found = np.array([topics.find(text) for text in texts])
    shares = np.bincount(found, minlength=len(topics)) / len(found)
    return LearnedTopics(topics, name_topics(texts, found, len(topics)), shares.tolist())


def make_topics(rarity: Floats, weights: Floats, offsets: Floats) -> Topics:
    """Scaled to the range of float16, which changes no comparison."""
    scale = 1 / max(1e-12, float(np.abs(weights).max()))
    scaled = (weights * scale).astype(np.float16)
    return Topics(rarity.tobytes(), scaled.tobytes(), (offsets * scale).tolist())


def cluster_profiles(profiles: Floats, seed: int) -> tuple[Floats, Floats]:
    """The profile of each cluster, the largest first, and what its likeness to a text is without the
    text: the likeness is linear in the profile of the text.

    Profiles are clustered by direction. One more coordinate, the same for all, tells those that deviate
    little from those that deviate much: with one alternative a direction is a sign only.
    """
    middle = profiles.mean(0)
    deviations = profiles - middle
    level = LEVEL * float((deviations**2).sum(1).mean()) ** 0.5
    levels = np.full((len(profiles), 1), level, dtype=np.float32)
    units = scale_to_unit(np.hstack([deviations, levels]))
    number = max(2, min(MOST_TOPICS, len(profiles) // TEXTS_PER_TOPIC))
    labels = rank_by_size(find_clusters(units, number, seed))
    found = find_centres(units, labels)
    centres = found[:, :-1]
    return centres, np.asarray(level * found[:, -1] - centres @ middle, dtype=np.float32)


def find_clusters(units: Floats, number: int, seed: int) -> Integers:
    """The best of several beginnings: that with the most likeness inside of its clusters."""
    tried = [run_k_means(units, number, seed + begin) for begin in range(BEGINNINGS)]
    tight = [float(np.linalg.norm(sum_clusters(units, one), axis=1).sum()) for one in tried]
    return np.unique(tried[int(np.argmax(tight))], return_inverse=True)[1]


def fill_gaps(values: Values) -> Values:
    """Missing values become the mean of their column; a column without any goes."""
    known = ~np.isnan(values)
    values, known = values[:, known.any(0)], known[:, known.any(0)]
    means = np.where(known, values, 0.0).sum(0) / np.maximum(1, known.sum(0))
    return np.where(known, values, means)


def regress(places: Floats, values: Values) -> Floats:
    """Ridge regression: a row of weights for each direction, a column for each alternative."""
    centred = (places - places.mean(0)).astype(np.float64)
    squares = centred.T @ centred
    squares[np.diag_indices_from(squares)] += PENALTY
    slopes: Floats = np.linalg.solve(squares, centred.T @ (values - values.mean(0))).astype(
        np.float32
    )
    return slopes


def measure_prediction(places: Floats, values: Values, seed: int) -> float:
    """By how many standard errors either half of the texts predicts the other better than chance."""
    half = np.random.default_rng(seed).permutation(len(places)) % 2 == 0
    found = [predict_half(places, values, side) for side in (half, ~half)]
    gains = np.concatenate(found)
    spread = float(gains.std())
    return float(gains.mean()) / spread * len(gains) ** 0.5 if spread > 0 else 0.0


def predict_half(places: Floats, values: Values, learned: npt.NDArray[np.bool_]) -> Values:
    """For each text outside of `learned`: how its values agree with those predicted, both centred."""
    predicted = places[~learned] @ regress(places[learned], values[learned])
    actual = values[~learned]
    agreement: Values = ((predicted - predicted.mean(0)) * (actual - actual.mean(0))).sum(1)
    return agreement


def rank_by_size(labels: Integers) -> Integers:
    """The same clusters, the largest as number 0."""
    order = [number for number, _ in Counter(labels.tolist()).most_common()]
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    ranked: Integers = places[labels]
    return ranked
