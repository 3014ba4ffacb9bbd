"""The grouping methods there are, and which of them a partition gets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from patterns.engine.grouping.exact import ExactGrouper
from patterns.engine.grouping.free_text.embedders import Embedder
from patterns.engine.grouping.free_text.grouper import SimilarityGrouper
from patterns.engine.grouping.grouper import Grouper
from patterns.engine.grouping.logs.grouper import DrainGrouper
from patterns.engine.grouping.method_choice import choose_method
from patterns.engine.grouping.objects.grouper import ShapeGrouper
from patterns.engine.grouping.prompts.grouper import PromptGrouper
from patterns.engine.grouping.prompts.slot_ngrams import Passages
from patterns.engine.text.tokens import has_header

REQUESTS = 0.1  # of the texts of a partition came in the shape of an SDK: they are prompts
ENOUGH = 40  # texts before a partition may leave the method it began with


@dataclass(frozen=True)
class SharedMemory:
    """What the groupers of one recogniser have in common."""

    passages: Passages
    embedder: Embedder | None = None


@dataclass(frozen=True)
class GroupingMethod:
    """How a method's groupers are made, and which partitions get one.

    `kinds` are the kinds of input views whose partitions begin with it. `claims`, if there is one,
    is asked at each repair with the name and the texts of a partition, before the common rule.
    """

    make: Callable[[SharedMemory], Grouper]
    kinds: tuple[str, ...] = ()
    claims: Callable[[str, Sequence[str]], bool] | None = None


# A further method is one more line here.
METHODS: dict[str, GroupingMethod] = {
    "prompt": GroupingMethod(lambda shared: PromptGrouper(shared.passages), ("text", "chat")),
    "drain": GroupingMethod(lambda _: DrainGrouper()),
    "similarity": GroupingMethod(lambda shared: SimilarityGrouper(shared.embedder)),
    "shape": GroupingMethod(lambda _: ShapeGrouper(), ("json",)),
    "exact": GroupingMethod(lambda _: ExactGrouper(), ("call", "vector", "value")),
}


def first_grouper(kind: str, shared: SharedMemory) -> Grouper:
    """The empty grouper a partition of that kind of input begins with."""
    methods = (method for method in METHODS.values() if kind in method.kinds)
    return next(methods, METHODS["exact"]).make(shared)


def make_grouper(method: str, name: str, shared: SharedMemory) -> Grouper:
    """An empty grouper for the partition of that name.

    Snapshots made before every method had a name say "" for objects and exact values.
    """
    if method not in METHODS:
        method = "shape" if name.endswith("|json") else "exact"
    return METHODS[method].make(shared)


def restore_grouper(method: str, data: bytes, name: str, shared: SharedMemory) -> Grouper:
    """The grouper these bytes came from. ValueError when it was made with another embedder."""
    grouper = make_grouper(method, name, shared)
    if data:
        grouper.restore(data)
    return grouper


def suit_grouper(
    grouper: Grouper, texts: Sequence[str], name: str, shared: SharedMemory
) -> Grouper:
    """A grouper of the method that suits the texts: the same one when that has not changed."""
    method = _choose_suitable(grouper.method, texts, name)
    return grouper if method == grouper.method else METHODS[method].make(shared)


def _choose_suitable(method: str, texts: Sequence[str], name: str) -> str:
    """Requests stay what they are, whatever their words look like: somebody wrote the instruction."""
    claiming = (own for own, one in METHODS.items() if one.claims and one.claims(name, texts))
    claimed = next(claiming, None)
    if claimed is not None:
        return claimed
    if not name.endswith("|text") or len(texts) < ENOUGH or _are_requests(texts):
        return method
    return choose_method(texts)


def _are_requests(texts: Sequence[str]) -> bool:
    return sum(map(has_header, texts)) > REQUESTS * len(texts)
