"""Makes the recogniser forget: samples, slots, examples and templates that hold erased content.

Patterns keep id, label, counts and figures. What they say is learned again from what is left; those of
which nothing is left go.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from uuid import UUID

from django.db.models import Count

from featurememory.database.write_lock import write_turn
from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Project
from integration.erasure.erase_rows import erase_activity, split
from integration.erasure.forget_words import forget_words
from integration.erasure.selection import ErasedContent
from integration.repair.save_repair import save_consolidation
from patterns.curation.learner_turn import learning_turn
from patterns.engine.domain.digests import replace_surrogates
from patterns.engine.grouping.registry import first_grouper
from patterns.engine.matcher import cut_text, slot_values
from patterns.engine.pattern.pattern_state import EXAMPLE, PatternState
from patterns.engine.pattern.recurring_features import note_features
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.engine.text.input_view import view_input
from patterns.models import ModelInteraction, Pattern, PatternEvent, PatternHour, Payload
from patterns.recognition.lease import keep_lease_alive
from patterns.recognition.recognizer_cache import PatternsChanged, recognizers
from patterns.storage.stored_observations import observation_of

SHOWN = 50  # interactions of a pattern that its slots are filled from again
TRIES = 5


def forget_patterns(project: Project, content: ErasedContent) -> Counter[str]:
    """Before the rows go, so that an erasure that died finds again what to forget. Counts examples,
    slots and snapshots that were rewritten."""
    for _ in range(TRIES):
        try:
            return forget_once(project, content)
        except PatternsChanged:  # somebody pruned or merged meanwhile
            continue
    raise FeatureMemoryError(
        "The patterns were changed all the time: resume this job later.", ErrorCode.OVERLOADED
    )


def forget_once(project: Project, content: ErasedContent) -> Counter[str]:
    with learning_turn(project), keep_lease_alive(project.pk):
        keep_from_learning(project, content)
        loaded = recognizers.for_learning(project.pk)
        with loaded.lock:
            recognizer = loaded.recognizer
            counts = discard_samples(recognizer.memory, content)
            states = find_touched(recognizer, content)
            empty = find_empty(project, states, content)
            recognizer.remove(empty)
            kept = [state.id for state in states if state.id not in empty]
            counts += strip_states(recognizer.memory, kept)
            forget_words(project, recognizer.memory, [*kept, *empty])
            done = recognizer.consolidate()
            fill_states(project, recognizer.memory, set(kept), set(content.numbers))
        delete_patterns(project, empty)
        save_consolidation(project.pk, loaded, done)
    strip_rows(project, content, kept)
    counts["snapshots"] += 1
    return counts


def keep_from_learning(project: Project, content: ErasedContent) -> None:
    """What still waits to be recognised never will be."""
    for numbers in split(content.numbers):
        with write_turn():
            rows = ModelInteraction.objects.filter(project=project, pk__in=numbers, state=0)
            rows.update(state=ModelInteraction.InteractionState.FAILED)


def discard_samples(memory: RecognizerState, content: ErasedContent) -> Counter[str]:
    before = len(memory.reservoir)
    for name in content.ids:
        memory.reservoir.discard(replace_surrogates(name))
    return Counter({"examples": before - len(memory.reservoir)})


def find_touched(
    recognizer: DefaultPatternRecognizer, content: ErasedContent
) -> list[PatternState]:
    """Every pattern of the task types concerned: repairs may have moved what it holds."""
    own = {str(one) for one in content.patterns}
    return [one for one in recognizer if one.id in own or one.task_type in content.task_types]


def find_empty(project: Project, states: list[PatternState], content: ErasedContent) -> list[str]:
    """Those without any interaction left, also of the patterns merged into them."""
    ids = [UUID(state.id) for state in states]
    merged = Pattern.objects.filter(project=project, redirect_to__in=ids)
    led = dict(merged.values_list("pk", "redirect_to"))
    rows = ModelInteraction.objects.filter(project=project, pattern_id__in=[*ids, *led])
    stored = rows.order_by().values_list("pattern_id").annotate(n=Count("pk"))
    alive = {name for name, n in stored if n > content.patterns[name]}
    alive |= {led[one] for one in alive if one in led}
    return [str(one) for one in ids if one not in alive]


def strip_states(memory: RecognizerState, ids: list[str]) -> Counter[str]:
    """Take away everything of these patterns that is made of texts."""
    counts: Counter[str] = Counter()
    for name in ids:
        state = memory.patterns.get(name)
        counts["slots"] += len(state.sketches)
        counts["examples"] += bool(state.example)
        state.sketches, state.parameters, state.context, state.outputs = {}, {}, {}, {}
        state.example, state.template, state.wording = "", (), []
        memory.patterns.touch(name)
    found_anew = {memory.patterns.get(name).partition for name in ids}
    for partition, own in group_by_partition(memory).items():
        if partition in found_anew:
            memory.groupers[partition] = first_grouper(own[0].kind, memory.shared)
            for state in own:
                memory.adopt_pattern(state)
    return counts


def group_by_partition(memory: RecognizerState) -> dict[str, list[PatternState]]:
    found: dict[str, list[PatternState]] = {}
    for state in memory.patterns:
        found.setdefault(state.partition, []).append(state)
    return found


def fill_states(project: Project, memory: RecognizerState, ids: set[str], erased: set[int]) -> None:
    """Fill slots and features again from the newest interactions that are left."""
    for name in ids & set(memory.patterns.states):
        state = memory.patterns.get(name)
        models, resources = dict(state.models), dict(state.resources)
        has_slots = bool(state.sketches)
        rows = ModelInteraction.objects.filter(project=project, pattern_id=name, state=1)
        left = (row for row in rows.order_by("-number").iterator(500) if row.pk not in erased)
        newest = list(islice(left, SHOWN))
        data = dict(
            Payload.objects.filter(pk__in=[one.pk for one in newest]).values_list("number", "data")
        )
        for row in newest:
            if row.pk in data:
                fill_state(memory, state, row, data[row.pk], has_slots=has_slots)
        state.models, state.resources = models, resources
        memory.settle_pattern(state)
        memory.patterns.measure(state)


def fill_state(
    memory: RecognizerState,
    state: PatternState,
    row: ModelInteraction,
    data: bytes | memoryview,
    *,
    has_slots: bool,
) -> None:
    try:
        observation = observation_of(row, data)
    except ValueError:
        return
    view = view_input(observation)
    if view.partition != state.partition:
        return
    state.example = state.example or view.text[:EXAMPLE]
    if not has_slots:
        pieces = cut_text(memory, state, view.partition, view.text)
        state.fill(slot_values(memory, state, view, pieces))
    note_features(state, observation)


def delete_patterns(project: Project, ids: list[str]) -> None:
    """Patterns of which nothing is left, and those merged into them; sums over all patterns stay."""
    with write_turn():
        rows = Pattern.objects.filter(project=project)
        gone = [UUID(one) for one in ids]
        gone += rows.filter(redirect_to__in=gone).values_list("pk", flat=True)
        PatternEvent.objects.filter(project=project, pattern_id__in=gone).delete()
        PatternHour.objects.filter(project=project, pattern_id__in=gone).delete()
        rows.filter(pk__in=gone).delete()
        erase_activity(project, gone)


def strip_rows(project: Project, content: ErasedContent, kept: list[str]) -> None:
    """Histories of the patterns that stay, and texts of those in the trash or merged away."""
    rows = Pattern.objects.filter(project=project, task_type__in=content.task_types)
    with write_turn():
        archived = rows.filter(status=Pattern.PatternStatus.ARCHIVED)
        names = [*archived.values_list("pk", flat=True), *map(UUID, kept)]
        archived.filter(redirect_to=None, state__isnull=False).update(archived_why="erased")
        archived.update(template="", parts=[], slots=[], features=[], state=None, label=None)
        history = PatternEvent.objects.filter(project=project, pattern_id__in=names)
        history.filter(kind=PatternEvent.NOTE).delete()
        history.update(template="", details={})
        erase_activity(project, names)
