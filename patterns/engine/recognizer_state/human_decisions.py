"""The merges, splits and words that were decided on, applied to future interactions too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from patterns.engine.domain.digests import digest_hex
from patterns.engine.templates.word_rules import WordRule
from patterns.engine.topics.topics import Topics


class Decisions(msgspec.Struct, array_like=True):
    """`merged` maps the key of a group to the pattern it was merged into, `slots` the key of a
    group to the slot whose values part it, `examples` to (key of a part, runs that set it apart).
    `words` maps the id of a pattern to what was said of words of its template, `topics` the key of a
    group to the topics its texts are kept apart by; those of topic 0 stay in its pattern.
    """

    merged: dict[str, str] = {}
    slots: dict[str, str] = {}
    examples: dict[str, list[tuple[str, list[int]]]] = {}
    words: dict[str, list[WordRule]] = {}
    topics: dict[str, Topics] = {}

    def is_split(self, key: str) -> bool:
        """Whether a group is kept apart by slot, by examples or by topic."""
        return key in self.slots or key in self.examples or key in self.topics

    def part(self, key: str, values: Mapping[str, str], runs: Iterable[int], free_text: str) -> str:
        """The key of the part of a group that a text with these slot values and runs belongs to;
        `free_text` is what fills its slots."""
        if key in self.slots and self.slots[key] in values:
            return make_part_key(key, values[self.slots[key]])
        if key in self.examples:
            own = frozenset(runs)
            for part, needed in self.examples[key]:
                if own.issuperset(needed):
                    return part
        if key in self.topics:
            number = self.topics[key].find(free_text)
            return make_topic_key(key, number) if number else key
        return key


def make_part_key(key: str, value: str) -> str:
    """The key of the part of a group that has this value, or these runs."""
    return f"{key}#{digest_hex(value)}"


def make_topic_key(key: str, number: int) -> str:
    """The key of the part of a group that is about this topic (1 and up)."""
    return make_part_key(key, f"topic {number}")
