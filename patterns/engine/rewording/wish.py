"""What a person wants of a word in a template, and the rule that comes of it."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import msgspec

from patterns.engine.domain.digests import make_pattern_id
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer_state.human_decisions import make_part_key
from patterns.engine.templates.slot_names import name_slot
from patterns.engine.templates.word_rules import TemplateLayout, WordRule

Make: TypeAlias = Literal["slot", "fixed", "name"]
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")


class Rewording(msgspec.Struct, frozen=True):
    """What a person wants. `word` is the `occurrence`th of its kind in the template (from 1), or a
    value of `slot`; `name` is what the slot shall be called ("": read off the words before it)."""

    make: Make
    word: str = ""
    occurrence: int = 1
    slot: str = ""
    name: str = ""


def make_rule(state: PatternState, wish: Rewording) -> WordRule:
    layout = TemplateLayout(state.shown.parts)
    at = layout.find_slot(wish.slot) if wish.slot else layout.find_word(wish.word, wish.occurrence)
    if at is None or not layout.is_whole:
        what = f"slot {wish.slot}" if wish.slot else f"word {wish.word}"
        raise ValueError(f"The template has no {what} in that place.")
    before, after = layout.neighbours(at)
    if not before + after or (not wish.slot and len(before + after) < 2):
        raise ValueError("It stands between two slots: no words around it tell its place.")
    if wish.make == "fixed":
        return _make_fixed(state, wish, before, after)
    if (wish.make == "name") != bool(wish.slot):
        raise ValueError("A slot is one already; give it a name, or keep one of its values fixed.")
    name = _choose_name(state, wish, layout, at)
    return WordRule(wish.make, wish.word, name, before, after)


def _make_fixed(
    state: PatternState, wish: Rewording, before: list[str], after: list[str]
) -> WordRule:
    """A value of a slot leaves with its texts; a word of the template stays, texts without it leave."""
    if not wish.word:
        raise ValueError("Say which value of the slot is to stay as it is.")
    place = " ".join([*before, wish.word, *after])
    part = make_pattern_id(state.created_at, make_part_key(state.key, place), "word")
    slots = {shown: engine for engine, shown in state.shown.names.items()}
    name = slots.get(wish.slot, wish.slot)
    return WordRule("fixed", wish.word, name, before, after, part, not wish.slot)


def _choose_name(state: PatternState, wish: Rewording, layout: TemplateLayout, at: int) -> str:
    taken = {*layout.slots, *state.sketches, *state.shown.names.values()}
    if wish.name:
        if not _NAME.fullmatch(wish.name):
            raise ValueError(
                "A name has letters, digits and _, begins with a letter, and is short."
            )
        if wish.name in taken:
            raise ValueError(f"There is a slot {wish.name} already.")
        return wish.name
    if wish.slot:
        raise ValueError("Say what the slot shall be called.")
    ahead = layout.text[: layout.tokens[at].start].rpartition("\ue001")[2]
    return name_slot(ahead, "text", dict.fromkeys(taken), wish.word)
