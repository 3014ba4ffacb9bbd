"""The features of one interaction: input, output, context and resources."""

from __future__ import annotations

from collections.abc import Iterator

from patterns.engine.domain.name_counts import count_name
from patterns.engine.domain.observation import Json, Observation
from patterns.engine.domain.results import Feature
from patterns.engine.text.input_view import find_messages, read_content, view_input
from patterns.engine.text.json_text import open_json, write_json
from patterns.engine.text.value_types import classify_value

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


def extract_features(observation: Observation) -> tuple[Feature, ...]:
    """What one interaction shows; each is certain unless it had to be guessed (then below 1)."""
    found = [*_input_features(observation), *_output_features(observation.output)]
    found += [
        Feature("parameter", str(k), shorten_value(v), 1.0)
        for k, v in sorted(observation.parameters.items(), key=lambda item: str(item[0]))
    ]
    found += [*_context_features(observation), *_resource_features(observation)]
    return tuple(found[:MOST])


def _input_features(observation: Observation) -> Iterator[Feature]:
    view = view_input(observation)
    yield Feature("input", "kind", view.kind, 1.0)
    messages = find_messages(open_json(observation.input))
    if messages is not None:
        yield Feature("input", "roles", sorted({str(m.get("role")) for m in messages}), 1.0)
        yield Feature("input", "turns", len(messages), 1.0)
    if view.text:
        yield Feature("input", "length", len(view.text), 1.0)
    for path, value in list(view.leaves.items())[:8] if messages is None else ():
        yield Feature("input", path, classify_value(value), 1.0)


def _output_features(output: Json) -> Iterator[Feature]:
    if output is None:
        return
    yield Feature("output", "format", name_output_format(output), 1.0 if output != "" else 0.5)
    if isinstance(output, str):
        yield Feature("output", "length", len(output), 1.0)


def name_output_format(output: Json) -> str:
    """none, text, json, code, number, list … : what an application would parse."""
    opened_output = open_json(output)
    if output is None:
        return "none"
    if isinstance(opened_output, dict):
        keys = ",".join(sorted(str(key) for key in opened_output)[:6])
        return f"json {{{keys}}}"
    kind = classify_value(opened_output)
    return "text" if kind in ("category", "quoted") else kind


def _context_features(observation: Observation) -> Iterator[Feature]:
    if observation.task_type:
        yield Feature("context", "task_type", observation.task_type, 1.0)
    if observation.model_id:
        yield Feature("context", "model_id", observation.model_id, 1.0)
    for key, value in sorted(observation.tags.items(), key=lambda item: str(item[0])):
        yield Feature("context", f"tag.{key}", shorten_value(value), 1.0)
    script, share = detect_script(_collect_text(observation.input))
    if script:
        yield Feature("context", "script", script, share)


def detect_script(text: str) -> tuple[str, float]:
    """The writing most letters of the first 500 belong to, with its share."""
    counts: dict[str, int] = {}
    for character in text[:500]:
        if character.isalpha():
            code = ord(character)
            name = next((n for low, high, n in SCRIPTS if low <= code <= high), "other")
            count_name(counts, name)
    if not counts:
        return "", 0.0
    best = max(sorted(counts), key=lambda name: counts[name])
    return best, counts[best] / sum(counts.values())


def _collect_text(value: Json) -> str:
    messages = find_messages(value)
    if messages is not None:
        return " ".join(read_content(message) for message in messages)
    return value if isinstance(value, str) else write_json(value)[:500]


def _resource_features(observation: Observation) -> Iterator[Feature]:
    for name in RESOURCES:
        value = getattr(observation, name)
        if value is not None:
            yield Feature("resource", name, value, 1.0)


def shorten_value(value: Json) -> Json:
    """A value that fits a feature: strings and encoded JSON cut to `LONGEST` characters."""
    if isinstance(value, str):
        return value[:LONGEST]
    return write_json(value)[:LONGEST] if isinstance(value, dict | list) else value
