"""The features of an interaction and of a pattern: input, output, parameter, context, resource."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from patterns.engine.identity import clean
from patterns.engine.observation import Json, Observation
from patterns.engine.pattern import Feature
from patterns.engine.slots import type_of
from patterns.engine.structure import content_of, messages_in, opened, plain, view_of
from patterns.engine.templates import count

if TYPE_CHECKING:
    from patterns.engine.templates import PatternState

MOST = 40
LONGEST = 120
RESOURCES = ("duration", "memory_usage", "token_count", "processing_time")
SCRIPTS = (  # first code point, last, name: enough to tell how a text is written
    (0x0041, 0x024F, "latin"),
    (0x0370, 0x03FF, "greek"),
    (0x0400, 0x052F, "cyrillic"),
    (0x0590, 0x05FF, "hebrew"),
    (0x0600, 0x06FF, "arabic"),
    (0x0900, 0x097F, "devanagari"),
    (0x3040, 0x30FF, "japanese"),
    (0x4E00, 0x9FFF, "han"),
    (0xAC00, 0xD7AF, "hangul"),
)


def features_of(observation: Observation) -> tuple[Feature, ...]:
    """What one interaction shows; each is certain unless it had to be guessed (then below 1)."""
    found = [*_input(observation), *_output(observation.output)]
    found += [
        Feature("parameter", str(k), _short(v), 1.0)
        for k, v in sorted(observation.parameters.items(), key=lambda item: str(item[0]))
    ]
    found += [*_context(observation), *_resources(observation)]
    return tuple(found[:MOST])


def _input(observation: Observation) -> Iterator[Feature]:
    view = view_of(observation)
    yield Feature("input", "kind", view.kind, 1.0)
    messages = messages_in(opened(observation.input))
    if messages is not None:
        yield Feature("input", "roles", sorted({str(m.get("role")) for m in messages}), 1.0)
        yield Feature("input", "turns", len(messages), 1.0)
    if view.text:
        yield Feature("input", "length", len(view.text), 1.0)
    for path, value in list(view.leaves.items())[:8] if messages is None else ():
        yield Feature("input", path, type_of(value), 1.0)


def _output(output: Json) -> Iterator[Feature]:
    if output is None:
        return
    yield Feature("output", "format", output_format(output), 1.0 if output != "" else 0.5)
    if isinstance(output, str):
        yield Feature("output", "length", len(output), 1.0)


def output_format(output: Json) -> str:
    """none, text, json, code, number, list … : what an application would parse."""
    opened_output = opened(output)
    if output is None:
        return "none"
    if isinstance(opened_output, dict):
        keys = ",".join(sorted(str(key) for key in opened_output)[:6])
        return f"json {{{keys}}}"
    kind = type_of(opened_output)
    return "text" if kind in ("category", "quoted") else kind


def _context(observation: Observation) -> Iterator[Feature]:
    if observation.task_type:
        yield Feature("context", "task_type", observation.task_type, 1.0)
    if observation.model_id:
        yield Feature("context", "model_id", observation.model_id, 1.0)
    for key, value in sorted(observation.tags.items(), key=lambda item: str(item[0])):
        yield Feature("context", f"tag.{key}", _short(value), 1.0)
    script, share = script_of(_all_text(observation.input))
    if script:
        yield Feature("context", "script", script, share)


def script_of(text: str) -> tuple[str, float]:
    """The writing most letters of the first 500 belong to, with its share."""
    counts: dict[str, int] = {}
    for character in text[:500]:
        if character.isalpha():
            code = ord(character)
            name = next((n for low, high, n in SCRIPTS if low <= code <= high), "other")
            count(counts, name)
    if not counts:
        return "", 0.0
    best = max(sorted(counts), key=lambda name: counts[name])
    return best, counts[best] / sum(counts.values())


def _all_text(value: Json) -> str:
    messages = messages_in(value)
    if messages is not None:
        return " ".join(content_of(message) for message in messages)
    return value if isinstance(value, str) else plain(value)[:500]


def _resources(observation: Observation) -> Iterator[Feature]:
    for name in RESOURCES:
        value = getattr(observation, name)
        if value is not None:
            yield Feature("resource", name, value, 1.0)


def _short(value: Json) -> Json:
    if isinstance(value, str):
        return value[:LONGEST]
    return plain(value)[:LONGEST] if isinstance(value, dict | list) else value


def note_features(state: PatternState, observation: Observation) -> None:
    """Lets one use speak for or against the features of its pattern."""
    from patterns.engine.slots import SlotSketch

    count(state.models, observation.model_id)
    if observation.output is not None:
        count(state.outputs, output_format(observation.output))
    for key, value in sorted(observation.parameters.items(), key=lambda item: str(item[0])):
        key = clean(key)
        if key in state.parameters or len(state.parameters) < 8:
            state.parameters.setdefault(key, SlotSketch(key, {}, {}, 0, [])).add(_short(value))
    for key, value in sorted(observation.tags.items(), key=lambda item: str(item[0])):
        count(state.context, f"tag.{key}={_short(value)}")
    for name in RESOURCES:
        value = getattr(observation, name)
        if value is not None:
            n, mean = state.resources.get(name, (0, 0.0))
            state.resources[name] = (n + 1, mean + (value - mean) / (n + 1))


def features_of_state(state: PatternState) -> tuple[Feature, ...]:
    """The properties most uses share; confidence is the share of uses that showed each."""
    uses = max(1, state.use_count)
    found = [Feature("input", "kind", state.kind, 1.0)]
    static = "".join(part.text for part in state.template)
    if static.strip():
        found.append(Feature("input", "static_text", static[:LONGEST], 1.0))
    found += [
        Feature("input", slot.name, slot.type, min(1.0, state.sketches[name].uses / uses))
        for name, slot in zip(state.sketches, state.slots, strict=True)
    ]
    found += [Feature("output", "format", f, min(1.0, n / uses)) for f, n in _ranked(state.outputs)]
    for sketch in state.parameters.values():
        value, n = _ranked(sketch.counts)[0]
        found.append(Feature("parameter", sketch.name, value, min(1.0, n / uses)))
    return (*found, *_context_of_state(state), *_resources_of_state(state))[:MOST]


def _ranked(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _context_of_state(state: PatternState) -> Iterator[Feature]:
    uses = max(1, state.use_count)
    if state.task_type:
        yield Feature("context", "task_type", state.task_type, 1.0)
    if state.model_id:
        yield Feature(
            "context", "model_id", state.model_id, min(1.0, state.models[state.model_id] / uses)
        )
    for pair, n in _ranked(state.context):
        name, _, value = pair.partition("=")
        yield Feature("context", name, value, min(1.0, n / uses))


def _resources_of_state(state: PatternState) -> Iterator[Feature]:
    for name, (n, mean) in sorted(state.resources.items()):
        yield Feature("resource", name, round(mean, 3), min(1.0, n / max(1, state.use_count)))
