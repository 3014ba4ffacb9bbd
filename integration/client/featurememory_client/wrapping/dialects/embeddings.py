"""OpenAI's embeddings. Of the vectors only number and size are recorded: nothing reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from featurememory_client.recording.usage import get_field
from featurememory_client.wrapping.dialects.dialect import Answered, Asked, Reader


class Embeddings:
    path = "/embeddings"
    can_prepare = False  # vectors of two models cannot be compared

    def read_request(self, body: Mapping[str, Any]) -> Asked:
        return Asked(body, body.get("input"), frozenset({"input"}))

    def read_answer(self, answer: Any) -> Answered:
        vectors = [get_field(entry, "embedding") for entry in get_field(answer, "data") or ()]
        sizes = {len(vector) for vector in vectors if isinstance(vector, list)}
        output = {"vectors": len(vectors), "dimensions": max(sizes, default=None)}
        return Answered(output, get_field(answer, "usage"), get_field(answer, "model"))

    def make_reader(self) -> Reader:
        raise NotImplementedError  # embeddings do not stream

    def write_answer(self, output: Any, model: str) -> dict[str, Any] | None:
        return None

    def write_events(self, answer: dict[str, Any]) -> list[dict[str, Any]]:
        return []
