"""People's words at work: texts read with their slots, and led to the pattern they belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import msgspec

from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.slot_sketch import SlotSketch, write_slot_value
from patterns.engine.recognizer_state.human_decisions import make_part_key
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.engine.recognizer_state.reservoir import Sample
from patterns.engine.templates.word_rules import WordRule
from patterns.engine.text.input_view import InputView

DEEPEST = 8  # patterns kept apart by a word of a pattern kept apart by a word …


class WordPart(NamedTuple):
    """Where a text belongs by its words: the key and the id of a pattern, which may not exist yet."""

    key: str
    id: str


def read_words(memory: RecognizerState, view: InputView) -> InputView:
    """The view with the usual word in the place of the values of people's slots, which are leaves."""
    for owner, rules in memory.decisions.words.items():
        state = memory.patterns.states.get(owner)
        if state is not None and state.partition == view.partition:
            for rule in rules:
                view = _take_value(memory, owner, rule, view) if rule.kind == "slot" else view
    return view


def _take_value(memory: RecognizerState, owner: str, rule: WordRule, view: InputView) -> InputView:
    found = rule.cut(view.text)
    if found is None:
        return view
    ahead, value, behind = found
    text = f"{ahead}{rule.word}{behind}"
    if not leads_to(memory, view.partition, text, owner):
        return view
    return msgspec.structs.replace(view, text=text, leaves={**view.leaves, rule.name: value})


def leads_to(memory: RecognizerState, partition: str, text: str, owner: str) -> bool:
    """Whether the text is of a group of that pattern."""
    grouper = memory.groupers.get(partition)
    candidate = grouper.match(text) if grouper is not None else None
    return candidate is not None and memory.patterns.owners.get(candidate.key) == owner


def find_part(
    memory: RecognizerState, key: str, state: PatternState, view: InputView
) -> WordPart | None:
    """The pattern that people keep apart from `state` by a word, if the text belongs there."""
    found, owner = None, state.id
    for _ in range(DEEPEST):
        rules = memory.decisions.words.get(owner, ())
        part = next((rule.part for rule in rules if _is_beyond(rule, view)), None)
        if part is None:
            break
        found, owner = WordPart(make_part_key(key, part), part), part
    return found


def _is_beyond(rule: WordRule, view: InputView) -> bool:
    """Whether a text belongs to the part of a rule: it has the word there, or (`holds`) another one."""
    if rule.kind != "fixed" or not rule.part:
        return False
    value = view.leaves.get(rule.name)
    if value is None:
        found = rule.cut(view.text)
        value = found[1] if found is not None else None
    return value is not None and (write_slot_value(value) == rule.word) != rule.holds


def move_part(memory: RecognizerState, state: PatternState, part: WordPart) -> None:
    """A repair may have given the group of the whole another key: the part follows."""
    if state.key != part.key:
        memory.patterns.owners.pop(state.key, None)
        state.key = part.key
        memory.patterns.add(state)


def keep_word_slots(
    memory: RecognizerState, state: PatternState, earlier: Mapping[str, SlotSketch]
) -> None:
    """Slots that people made survive a template that was read anew."""
    rules = memory.decisions.words.get(state.id, ())
    names = {rule.name for rule in rules if rule.kind == "slot" and rule.name in earlier}
    state.sketches = {**state.sketches, **{name: earlier[name] for name in sorted(names)}}


def read_samples_again(memory: RecognizerState, partition: str) -> None:
    """The samples of a partition with what people's words make of them now."""
    for sample in [one for one in memory.reservoir if one.partition == partition]:
        memory.reservoir.add(read_sample(memory, sample))


def read_sample(memory: RecognizerState, sample: Sample) -> Sample:
    seen = InputView(sample.partition, "text", sample.original or sample.text, {})
    return make_sample(sample.id, sample.key, seen, read_words(memory, seen))


def make_sample(identifier: str, key: str, seen: InputView, view: InputView) -> Sample:
    """What is kept of an interaction; `view` is `seen` after people's words."""
    original = seen.text if seen.text != view.text else ""
    return Sample(identifier, view.partition, view.text, key, original)


def follow_merge(memory: RecognizerState, old: str, new: str) -> None:
    """What was said of words of a pattern holds for the one that took over."""
    words = memory.decisions.words
    if old in words:
        words[new] = [*words.get(new, []), *(r for r in words[old] if r not in words.get(new, []))]


def forget_unseen_words(memory: RecognizerState, ids: Collection[str]) -> set[str]:
    """Rules about words that no kept text had any more go, and are taken out of the samples; the words."""
    words, gone = memory.decisions.words, set[str]()
    for owner in words.keys() & set(ids):
        unseen = {r.word for r in words[owner] if r.word and not _was_seen(memory, r.word)}
        words[owner] = [rule for rule in words[owner] if rule.word not in unseen]
        gone |= unseen
    for partition in {one.partition for one in memory.reservoir if one.original} if gone else ():
        read_samples_again(memory, partition)
    return gone


def _was_seen(memory: RecognizerState, word: str) -> bool:
    return any(word in (sample.original or sample.text) for sample in memory.reservoir)
