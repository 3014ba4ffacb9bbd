"""The features of an interaction and of a pattern: input, output, parameter, context, resource."""

from __future__ import annotations

from collections.abc import Iterator

from patterns.engine.domain.digests import replace_surrogates
from patterns.engine.domain.name_counts import count_name
from patterns.engine.domain.observation import Observation
from patterns.engine.domain.results import Feature
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.slot_sketch import SlotSketch
from patterns.engine.text.features import (
    LONGEST,
    MOST,
    RESOURCES,
    name_output_format,
    shorten_value,
)


def note_features(state: PatternState, observation: Observation) -> None:
    """Lets one use speak for or against the features of its pattern."""
    count_name(state.models, observation.model_id)
    if observation.output is not None:
        count_name(state.outputs, name_output_format(observation.output))
    for key, value in sorted(observation.parameters.items(), key=lambda item: str(item[0])):
        key = replace_surrogates(key)
        if key in state.parameters or len(state.parameters) < 8:
            state.parameters.setdefault(key, SlotSketch(key, {}, {}, 0, [])).add(
                shorten_value(value)
            )
    for key, value in sorted(observation.tags.items(), key=lambda item: str(item[0])):
        count_name(state.context, f"tag.{key}={shorten_value(value)}")
    for name in RESOURCES:
        value = getattr(observation, name)
        if value is not None:
            n, mean = state.resources.get(name, (0, 0.0))
            state.resources[name] = (n + 1, mean + (value - mean) / (n + 1))


def summarise_features(state: PatternState) -> tuple[Feature, ...]:
    """The properties most uses share; confidence is the share of uses that showed each. Of slots it is
    the share of the texts they were read from: a repair reads them from its sample anew.
    """
    uses = max(1, state.use_count)
    found = [Feature("input", "kind", state.kind, 1.0)]
    static = "".join(part.text for part in state.template)
    if static.strip():
        found.append(Feature("input", "static_text", static[:LONGEST], 1.0))
    filled = max((sketch.uses for sketch in state.sketches.values()), default=1)
    found += [
        Feature("input", slot.name, slot.type, state.sketches[name].uses / max(1, filled))
        for name, slot in zip(state.sketches, state.slots, strict=True)
    ]
    found += [
        Feature("output", "format", f, min(1.0, n / uses)) for f, n in _rank_counts(state.outputs)
    ]
    for sketch in state.parameters.values():
        value, n = _rank_counts(sketch.certain)[0]
        found.append(Feature("parameter", sketch.name, value, min(1.0, n / uses)))
    return (*found, *_context_features(state), *_resource_features(state))[:MOST]


def _rank_counts(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _context_features(state: PatternState) -> Iterator[Feature]:
    uses = max(1, state.use_count)
    if state.task_type:
        yield Feature("context", "task_type", state.task_type, 1.0)
    if state.model_id:
        yield Feature(
            "context", "model_id", state.model_id, min(1.0, state.models[state.model_id] / uses)
        )
    for pair, n in _rank_counts(state.context):
        name, _, value = pair.partition("=")
        yield Feature("context", name, value, min(1.0, n / uses))


def _resource_features(state: PatternState) -> Iterator[Feature]:
    for name, (n, mean) in sorted(state.resources.items()):
        yield Feature("resource", name, round(mean, 3), min(1.0, n / max(1, state.use_count)))
