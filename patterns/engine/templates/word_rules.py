"""What people say of one word of a template: it is a slot, it stays as it is, its slot has a name.

A rule knows its place by the words around it, so that it goes on meaning the same when a repair
reads the template anew and names the slots otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from patterns.engine.domain.results import TemplatePart
from patterns.engine.text.ngrams import tokenize_normal
from patterns.engine.text.tokens import END, START, TURN, Token, drop_header, tokenize

AROUND = 3  # words looked at on either side
WIDEST = 4  # tokens of a value: "Brazilian Portuguese"
MARK = "\ue000hole\ue001"  # stands for a slot; one token, see `tokens`
HOLE, _HOLE_KEY, _BREAK = "hole", "<hole>", "\n"
_BORDERS = frozenset({START, END, _BREAK})


class TokenSpan(NamedTuple):
    """First token and one after the last."""

    begin: int
    end: int


class WordRule(msgspec.Struct, frozen=True, array_like=True):
    """One decision about the place between the tokens `before` and `after`.

    slot: whatever stands in the place of `word` is a value of the slot `name`. name: the slot in
    that place is called `name`. fixed: texts with `word` there and texts without it are two
    patterns; those on the other side belong to the pattern `part` ("": the rule only tells how the
    template reads). `holds` tells that the pattern of the rule has the texts with the word.
    """

    kind: Literal["slot", "fixed", "name"]
    word: str
    name: str
    before: list[str]
    after: list[str]
    part: str = ""
    holds: bool = True

    def find(self, tokens: Sequence[Token]) -> TokenSpan | None:
        """The first place with these neighbours."""
        keys = frame(tokens)
        for begin in range(len(self.before), len(keys) - 1):
            if keys[begin - len(self.before) : begin] != self.before:
                continue
            end = self._find_end(keys, begin)
            if end:
                return TokenSpan(begin - 1, end - 1)
        return None

    def _find_end(self, keys: Sequence[str], begin: int) -> int:
        """One after the last token of the value that begins there; 0 when none does."""
        widest = WIDEST if self.before and self.after else 1
        for end in range(begin + 1, min(begin + widest, len(keys) - 1) + 1):
            if keys[end - 1] in _BORDERS:
                return 0
            if keys[end : end + len(self.after)] == self.after:
                return end
        return 0

    def _plain_words(self) -> Iterator[str]:
        """Of its neighbours those that stand in every text as they are, however that is spelled."""
        return (key for key in (*self.before, *self.after) if key.isascii() and key.isalpha())

    def cut(self, text: str) -> tuple[str, str, str] | None:
        """A text as what is before its value, the value, and what is behind it."""
        if not all(word in text for word in self._plain_words()):
            return None  # without reading its tokens, which takes a hundred times as long
        plain, tokens = tokenize_normal(text)
        span = self.find(tokens)
        if span is None:
            return None
        begin, end = tokens[span.begin].start, tokens[span.end - 1].end
        header = text[: len(text) - len(drop_header(text))]
        return header + plain[:begin], plain[begin:end], plain[end:]


def frame(tokens: Sequence[Token]) -> list[str]:
    """The keys of the tokens between start and end; turns read like line breaks, as in templates."""
    return [START, *(_BREAK if t.key == TURN else t.key for t in tokens), END]


class TemplateLayout:
    """A template as one text in which every slot is one token."""

    def __init__(self, template: Sequence[TemplatePart]) -> None:
        self.text = "".join(MARK if part.slot else part.text for part in template)
        self.slots = [part.slot for part in template if part.slot]
        self.tokens = tokenize(self.text)
        self.holes = [at for at, token in enumerate(self.tokens) if token.kind == HOLE]

    def find_word(self, word: str, occurrence: int) -> int | None:
        """The token that is the word for the `occurrence`th time (from 1)."""
        found = [at for at, token in enumerate(self.tokens) if token.key == word]
        return found[occurrence - 1] if 0 < occurrence <= len(found) else None

    def find_slot(self, name: str) -> int | None:
        """The token of the slot of that name."""
        place = self.slots.index(name) if name in self.slots else len(self.holes)
        return self.holes[place] if place < len(self.holes) else None

    def neighbours(self, at: int) -> tuple[list[str], list[str]]:
        """The words before and behind a token, as far as the next slot."""
        keys = frame(self.tokens)
        before, after = keys[max(0, at + 1 - AROUND) : at + 1], keys[at + 2 : at + 2 + AROUND]
        while _HOLE_KEY in before:
            before = before[before.index(_HOLE_KEY) + 1 :]
        return before, after[: after.index(_HOLE_KEY)] if _HOLE_KEY in after else after

    @property
    def is_whole(self) -> bool:
        """Whether every slot is a token: one inside a block of code is not."""
        return len(self.holes) == len(self.slots)

    def slot_at(self, span: TokenSpan) -> str:
        """The name of the slot that is these tokens; "" when they are no single slot."""
        return self.slots[self.holes.index(span.begin)] if self._is_hole(span) else ""

    def _is_hole(self, span: TokenSpan) -> bool:
        return span.end == span.begin + 1 and span.begin in self.holes

    def is_static(self, span: TokenSpan) -> bool:
        return not any(span.begin <= at < span.end for at in self.holes)

    def replace(self, span: TokenSpan, part: TemplatePart) -> list[TemplatePart]:
        """The template with one part in the place of these tokens."""
        begin, end = self.tokens[span.begin].start, self.tokens[span.end - 1].end
        ahead = sum(at < span.begin for at in self.holes)
        behind = sum(at < span.end for at in self.holes)
        return [
            *_cut_parts(self.text[:begin], self.slots[:ahead]),
            part,
            *_cut_parts(self.text[end:], self.slots[behind:]),
        ]


def _cut_parts(text: str, slots: Sequence[str]) -> list[TemplatePart]:
    static = text.split(MARK)
    parts = [TemplatePart(text=static[0])]
    for name, following in zip(slots, static[1:], strict=True):
        parts += [TemplatePart(slot=name), TemplatePart(text=following)]
    return [part for part in parts if part.text or part.slot]


class ShownTemplate(NamedTuple):
    """A template as people made it, and what they call its slots (by the name they had)."""

    parts: tuple[TemplatePart, ...]
    names: dict[str, str]


def show_template(template: Sequence[TemplatePart], rules: Sequence[WordRule]) -> ShownTemplate:
    """What the rules make of a template; a rule whose place is gone changes nothing."""
    parts, names = list(template), dict[str, str]()
    for rule in rules:
        layout = TemplateLayout(parts)
        span = rule.find(layout.tokens) if layout.is_whole else None
        if span is None:
            continue
        slot = layout.slot_at(span)
        if rule.kind == "slot" and layout.is_static(span):
            parts = layout.replace(span, TemplatePart(slot=rule.name))
        elif rule.kind == "name" and slot:
            parts = layout.replace(span, TemplatePart(slot=rule.name))
            names[next((old for old, new in names.items() if new == slot), slot)] = rule.name
        elif rule.kind == "fixed" and rule.holds and slot:
            parts = _join_static(layout.replace(span, TemplatePart(text=rule.word)))
    return ShownTemplate(tuple(parts), names)


def _join_static(parts: Sequence[TemplatePart]) -> list[TemplatePart]:
    joined: list[TemplatePart] = []
    for part in parts:
        if joined and not part.slot and not joined[-1].slot:
            joined[-1] = TemplatePart(text=joined[-1].text + part.text)
        else:
            joined.append(part)
    return joined
