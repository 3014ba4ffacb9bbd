"""Grouping by equality: function names, vectors, single values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec

from patterns.engine.domain.results import TemplatePart
from patterns.engine.grouping.grouper import Candidate, Grouper


class ExactGrouper(Grouper):
    """Groups names: each different name is a group."""

    method: ClassVar[str] = "exact"

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.names: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self.names)

    def learn(self, text: str, identifier: str) -> Candidate:
        if text in self.keys:
            return Candidate(self.keys[text], 1.0)
        self._add(text, identifier)
        return Candidate(identifier, 1.0, created=True)

    def match(self, text: str) -> Candidate | None:
        key = self.keys.get(text)
        return None if key is None else Candidate(key, 1.0)

    def regroup(self, texts: Sequence[str]) -> list[int]:
        known: dict[str, int] = {}
        return [known.setdefault(text, len(known)) for text in texts]

    def rebuild(self, texts: Sequence[str], groups: Sequence[int], keys: Mapping[int, str]) -> None:
        for key in list(self.names):
            self.remove(key)
        for text, group in zip(texts, groups, strict=True):
            if text not in self.keys:
                self._add(text, keys[group])

    def known(self) -> list[str]:
        return list(self.names)

    def template(self, key: str) -> tuple[TemplatePart, ...]:
        return (TemplatePart(text=self.names[key][0]),)

    def remove(self, key: str) -> None:
        for name in self.names.pop(key, ()):
            self.keys.pop(name, None)

    def _add(self, text: str, key: str) -> None:
        self.keys[text] = key
        self.names.setdefault(key, []).append(text)

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(self.names)

    def restore(self, data: bytes) -> None:
        for key, names in msgspec.msgpack.decode(data, type=dict[str, list[str]]).items():
            for name in names:
                self._add(name, key)
