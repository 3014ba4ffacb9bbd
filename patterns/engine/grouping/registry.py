"""The grouper of each partition, chosen by what its texts look like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from patterns.engine.grouping.exact import ExactGrouper
from patterns.engine.grouping.free_text.embedders import Embedder
from patterns.engine.grouping.free_text.grouper import SimilarityGrouper
from patterns.engine.grouping.logs.grouper import DrainGrouper
from patterns.engine.grouping.method_choice import Method, suitable_method
from patterns.engine.grouping.objects.grouper import ShapeGrouper
from patterns.engine.grouping.prompts.grouper import PromptGrouper
from patterns.engine.grouping.prompts.slot_ngrams import Passages

AnyGrouper: TypeAlias = PromptGrouper | DrainGrouper | SimilarityGrouper | ExactGrouper
LONGEST_UTTERANCE = 30  # words of all but the longest tenth
ENOUGH = 40  # texts before a partition may leave the method for prompts


def grouper_for(kind: str, passages: Passages) -> AnyGrouper:
    if kind in ("text", "chat"):
        return PromptGrouper(passages)
    return ShapeGrouper() if kind == "json" else ExactGrouper()


def method_of(grouper: AnyGrouper) -> Method | None:
    if isinstance(grouper, PromptGrouper):
        return "prompt"
    if isinstance(grouper, DrainGrouper):
        return "drain"
    return "similarity" if isinstance(grouper, SimilarityGrouper) else None


def suited(
    grouper: AnyGrouper,
    texts: Sequence[str],
    name: str,
    passages: Passages,
    embedder: Embedder | None = None,
) -> AnyGrouper:
    """A grouper of the method that suits the texts: the same one when that has not changed.

    Chats are prompts whatever their words look like: somebody wrote the instruction.
    """
    if not name.endswith("|text") or len(texts) < ENOUGH:
        return grouper
    method = suitable_method(texts)
    if method == "similarity" and not _are_utterances(texts):
        method = "prompt"
    return grouper if method == method_of(grouper) else made(method, b"", "", passages, embedder)


def _are_utterances(texts: Sequence[str]) -> bool:
    """Nearness is for what people say in a breath; in longer texts it finds likeness everywhere."""
    lengths = sorted(len(text.split()) for text in texts)
    return lengths[len(lengths) * 9 // 10] <= LONGEST_UTTERANCE


def made(
    method: str, data: bytes, name: str, passages: Passages, embedder: Embedder | None = None
) -> AnyGrouper:
    """The grouper a snapshot was made of. ValueError when it was made with another embedder."""
    if method == "drain":
        return DrainGrouper.from_bytes(data) if data else DrainGrouper()
    if method == "similarity":
        if data:
            return SimilarityGrouper.from_bytes(data, embedder)
        return SimilarityGrouper(embedder)
    if method == "prompt":
        return PromptGrouper(passages)
    grouper = ShapeGrouper() if name.endswith("|json") else ExactGrouper()
    if data:
        grouper.restore(data)
    return grouper
