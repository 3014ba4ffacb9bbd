"""Cluster a sample of free texts at once; the others follow their neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from patterns.engine.grouping.free_text.clustering import assign_nearest, cluster_vectors
from patterns.engine.grouping.free_text.embedders import Embedder
from patterns.engine.grouping.free_text.latent_space import learn_space
from patterns.engine.text.tokens import normalize_text

SAMPLE = 3_000  # texts clustered at once; the rest follows its neighbours


def regroup_texts(texts: Sequence[str], embedder: Embedder | None) -> list[int]:
    """The number of its cluster for each text; the same partition for any order of them."""
    if not texts:
        return []
    labels = _label_texts(texts, embedder)
    # Texts that `match` takes for the same, whatever their case and spaces, stay together.
    of_digest: dict[int, int] = {}
    for text in sorted(labels):
        of_digest.setdefault(digest_text(text), labels[text])
    return [of_digest[digest_text(text)] for text in texts]


def _label_texts(texts: Sequence[str], embedder: Embedder | None) -> dict[str, int]:
    sample = sample_texts(texts)
    space = learn_space(sample, embedder)
    vectors = space.place(sample, embedder)
    labels = cluster_vectors(vectors)
    of_text: dict[str, int] = dict(zip(sample, labels.tolist(), strict=True))
    rest = [text for text in dict.fromkeys(texts) if text not in of_text]
    if rest:
        found = assign_nearest(space.place(rest, embedder), vectors, labels)
        of_text.update(zip(rest, found.tolist(), strict=True))
    return of_text


def sample_texts(texts: Sequence[str]) -> list[str]:
    """At most `SAMPLE` different texts, the same for any order of them."""
    return sorted(set(texts), key=lambda text: (digest_text(text), text))[:SAMPLE]


def digest_text(text: str) -> int:
    """The same for texts that differ in case and spaces only; 64 bits."""
    data = " ".join(normalize_text(text).lower().split()).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big")
