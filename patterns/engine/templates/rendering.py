"""Templates as people read them: static text, and slots named after what stands before them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import msgspec

from patterns.engine.domain.results import TemplatePart
from patterns.engine.templates.common_words import find_wording
from patterns.engine.templates.gap_words import Wording
from patterns.engine.templates.slot_names import MOST_SLOTS, name_slot, names_nothing
from patterns.engine.text.ngrams import (
    hash_runs,
    tokenize_normal,
)
from patterns.engine.text.payloads.marks import KINDS
from patterns.engine.text.tokens import BETWEEN, Token, token_keys
from patterns.engine.text.value_types import classify_value

FEWEST_EQUAL = 4  # texts whose number is the same before it is taken for text
LONGEST_PART = 600  # characters of static text shown per piece
LONGEST_TEMPLATE = 1600
TYPED = frozenset({"number", "hex", "id", "uuid", "url", "email", "date", "code", *KINDS})
SHOWN = {kind: "id" if kind == "hex" else kind for kind in TYPED}
STRETCHES = ("", "text")  # neighbouring tokens of these kinds are one piece
INNER = "inner"  # kind of a slot whose gap has static words: its type is that of its text


class TextPiece(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of a text: static (`slot` is "") or the value of a slot of that type."""

    text: str
    slot: str = ""


def cut_at_anchors(text: str, anchors: Collection[int]) -> list[TextPiece]:
    """The text cut where its anchors begin and end; values with a type of their own are slots."""
    plain, tokens = tokenize_normal(text)
    kinds = _piece_kinds(tokens, _mark_static(text, anchors, len(tokens)))
    pieces: list[TextPiece] = []
    position = index = 0
    while index < len(tokens):
        kind, last = kinds[index], index + 1
        while kind in STRETCHES and last < len(tokens) and kinds[last] == kind:
            last += 1
        begin, end = tokens[index].start, tokens[last - 1].end
        if begin > position:
            pieces.append(TextPiece(plain[position:begin]))
        pieces.append(TextPiece(plain[begin:end], kind))
        position, index = end, last
    if position < len(plain):
        pieces.append(TextPiece(plain[position:]))
    return _join_static(pieces)


def _mark_static(text: str, anchors: Collection[int], count: int) -> list[bool]:
    covered = [False] * (count + 4)
    for start, run in enumerate(hash_runs(text)):
        if run in anchors:
            covered[start] = covered[start + 1] = covered[start + 2] = True
    return covered[2 : count + 2]


def _piece_kinds(tokens: Sequence[Token], static: Sequence[bool]) -> list[str]:
    """Of the piece each token is in: "" for static text, "text" for what varies, or its type."""
    return [
        SHOWN.get(token.kind, "") if fixed else "text"
        for token, fixed in zip(tokens, static, strict=True)
    ]


def _join_static(pieces: Sequence[TextPiece]) -> list[TextPiece]:
    """Neighbouring static stretches are one."""
    joined: list[TextPiece] = []
    for piece in pieces:
        if joined and not piece.slot and not joined[-1].slot:
            joined[-1] = TextPiece(joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return joined


def take_out_words(pieces: Sequence[TextPiece], wording: Sequence[Wording]) -> list[TextPiece]:
    """The pieces with the static words of gaps taken out of the slots.

    A gap without these words gives empty values, so that those of other slots keep their place.
    """
    own = {one.place: one for one in wording}
    found: list[TextPiece] = []
    place = -1
    for piece in pieces:
        place += bool(piece.slot)
        if not piece.slot or place not in own:
            found.append(piece)
            continue
        parts = own[place].parts(piece.text) or [("", False)] * own[place].slots
        found += [TextPiece(text, "" if static else INNER) for text, static in parts]
    return _join_static(found)


def find_gap_words(
    cut: Sequence[Sequence[TextPiece]], held: Sequence[Wording] | None = None
) -> tuple[list[Wording], int]:
    """The static words in the gaps of one group's texts, and the first text with the usual slots.

    `held` words are not looked for again, but kept where the gap is one still.
    """
    layouts = [tuple(piece.slot for piece in pieces if piece.slot) for pieces in cut]
    usual = Counter(layouts).most_common(1)[0][0]  # the first of equals
    rows = [
        [piece.text for piece in pieces if piece.slot]
        for pieces, layout in zip(cut, layouts, strict=True)
        if layout == usual
    ]
    gaps = [place for place, kind in enumerate(usual[:MOST_SLOTS]) if kind == "text"]
    if held is None:
        found = [find_wording(place, [row[place] for row in rows]) for place in gaps]
        wording = [one for one in found if one is not None] + _find_constants(usual, rows)
    else:
        wording = [one for one in held if one.place in gaps or usual[one.place] in TYPED]
    return wording, layouts.index(usual) if wording else 0


def _find_constants(layout: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Wording]:
    """Numbers and other typed values that are the same in all texts: text of the template."""
    found = []
    for place, kind in enumerate(layout[:MOST_SLOTS]):
        values = {row[place] for row in rows}
        keys = token_keys(rows[0][place])
        is_value = kind in TYPED and kind not in KINDS and len(rows) >= FEWEST_EQUAL
        if is_value and len(values) == 1 and len(keys) == 1:
            found.append(Wording(place, [keys], first=False, last=False))
    return found


def build_template(pieces: Sequence[TextPiece]) -> tuple[TemplatePart, ...]:
    """Static text and named slots, from a text cut at its anchors."""
    parts: list[TemplatePart] = []
    taken: dict[str, None] = {}
    before, said, length = "", "", 0
    for piece in pieces:
        if piece.slot:
            kind = classify_value(piece.text) if piece.slot in ("text", INNER) else piece.slot
            inner = piece.slot == INNER and kind == "text"
            name = name_slot(
                said if inner and names_nothing(before) else before, kind, taken, piece.text
            )
            taken[name] = None
            parts.append(TemplatePart(slot=name))
        else:
            parts.append(TemplatePart(text=_clip_text(piece.text, LONGEST_PART)))
            before = piece.text
            said = f"{said} {before}"[-LONGEST_PART:]
            length += len(parts[-1].text)
        if len(taken) >= MOST_SLOTS or length >= LONGEST_TEMPLATE:
            break
    return tuple(parts)


def read_slot_values(
    pieces: Sequence[TextPiece], template: Sequence[TemplatePart], wording: Sequence[Wording] = ()
) -> list[tuple[str, str]]:
    """(slot name, value) of a text, when it has the slots of the template in order; none empty."""
    names = [part.slot for part in template if part.slot]
    values = [piece.text for piece in take_out_words(pieces, wording) if piece.slot]
    if len(values) < len(names):
        return []
    return [(name, value) for name, value in zip(names, values, strict=False) if value]


def _clip_text(text: str, longest: int) -> str:
    text = text.replace(BETWEEN, "\n\n")
    if len(text) <= longest:
        return text
    return f"{text[: longest // 2]} … {text[-longest // 2 :]}"
