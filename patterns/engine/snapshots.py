"""The recogniser's memory beside its patterns, as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from patterns.engine.confidence import ConfidenceModel
from patterns.engine.decisions import Decisions
from patterns.engine.partitions import AnyGrouper, made, method_of
from patterns.engine.passages import Passages
from patterns.engine.reservoir import Sample

if TYPE_CHECKING:
    from patterns.engine.recognizer import DefaultPatternRecognizer


class _Snapshot(msgspec.Struct, array_like=True):
    version: str
    samples: list[Sample]
    decisions: Decisions
    methods: dict[str, str]
    groupers: dict[str, bytes]
    confidence: bytes
    learned: int
    passages: bytes


def snapshot_of(recognizer: DefaultPatternRecognizer) -> bytes:
    methods: dict[str, str] = {n: method_of(g) or "" for n, g in recognizer.groupers.items()}
    data = {name: grouper.to_bytes() for name, grouper in recognizer.groupers.items()}
    kept = _Snapshot(
        recognizer.VERSION,
        recognizer.reservoir.to_list(),
        recognizer.decisions,
        methods,
        {name: content for name, content in data.items() if content},
        recognizer.confidence.to_bytes(),
        recognizer.learned,
        recognizer.passages.to_bytes(),
    )
    return msgspec.msgpack.encode(kept)


def take_snapshot(recognizer: DefaultPatternRecognizer, data: bytes) -> None:
    """Raises `msgspec.DecodeError` when the bytes are no snapshot of this version."""
    kept = msgspec.msgpack.decode(data, type=_Snapshot)
    recognizer.decisions, recognizer.learned = kept.decisions, kept.learned
    for sample in kept.samples:
        recognizer.reservoir.add(sample)
    recognizer.passages = Passages(kept.passages)
    for name, method in kept.methods.items():
        content = kept.groupers.get(name, b"")
        recognizer.groupers[name] = _grouper(recognizer, method, content, name)
    if kept.confidence:
        recognizer.confidence = ConfidenceModel.from_bytes(kept.confidence)


def _grouper(
    recognizer: DefaultPatternRecognizer, method: str, content: bytes, name: str
) -> AnyGrouper:
    """The grouper as it was; one of another embedder's vectors is made anew from the reservoir."""
    passages, embedder = recognizer.passages, recognizer.embedder
    try:
        return made(method, content, name, passages, embedder)
    except ValueError:
        grouper = made(method, b"", name, passages, embedder)
    samples = [sample for sample in recognizer.reservoir.to_list() if sample.partition == name]
    keys = sorted({sample.key for sample in samples})
    numbers = {key: number for number, key in enumerate(keys)}
    grouper.rebuild(
        [sample.text for sample in samples],
        [numbers[sample.key] for sample in samples],
        dict(enumerate(keys)),
    )
    return grouper
