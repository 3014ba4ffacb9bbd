"""Split a pattern by chosen examples: with a preview, and with the texts alike that nobody ticked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from featurememory.errors import invalid, not_found
from featurememory.models import Project
from patterns.criteria import parse_id
from patterns.curation.history import select_stored
from patterns.curation.part_reading import read_by_examples
from patterns.curation.shared_text import Likeness, SharedPart, find_alike, name_likeness
from patterns.engine.domain.results import Change
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.recognizer_state.decided_words import make_sample, read_words
from patterns.engine.recognizer_state.reservoir import Sample
from patterns.engine.text.input_view import view_input
from patterns.models import ModelInteraction, Payload
from patterns.recognition.recognizer_cache import recognizers
from patterns.storage.payloads import Stored
from patterns.storage.shared_words import show_text, words_of
from patterns.storage.stored_observations import observation_of

MOST_EXAMPLES = 200
TEXTS = ("text", "chat")


@dataclass(frozen=True)
class SplitForesight:
    """What a split by examples would do: how the new pattern reads and what it is called, how many of the
    known texts go there with the chosen ones, and about how many interactions those stand for."""

    reading: list[SharedPart]
    name: str
    chosen: int
    alike: int
    known: int
    interactions: int
    uses: int


def foresee_example_split(project: Project, pattern_id: str, ids: Sequence[str]) -> SplitForesight:
    """Changes nothing. 404, or 422 with the reason why it cannot be done."""
    row = select_stored(project).filter(pk=parse_id(pattern_id)).first()
    if row is None:
        raise not_found("pattern")
    loaded = recognizers.for_reading(project.pk)
    try:
        with loaded.lock:
            stored = read_samples(loaded.recognizer, project, ids)
            own = collect_texts(loaded.recognizer, str(row.pk), stored)
        found = choose_alike(own, ids)
    except ValueError as error:
        raise invalid(str(error), "/example_ids") from error
    words = words_of(project.pk)
    reading = [SharedPart(part.kind, show_text(words, part.text)) for part in found.reading]
    return SplitForesight(
        reading=reading,
        name=name_likeness(reading),
        chosen=len(own.keys() & set(ids)),
        alike=len(found.ids),
        known=len(own),
        interactions=max(1, round(row.use_count * len(found.ids) / len(own))),
        uses=row.use_count,
    )


def split_by_examples(
    recognizer: DefaultPatternRecognizer,
    pattern_id: str,
    stored: Sequence[Sample],
    ids: Sequence[str],
) -> Change:
    """The recogniser's own split, with the texts alike. ValueError when it cannot be done."""
    own = collect_texts(recognizer, pattern_id, stored)
    found = choose_alike(own, ids)
    for sample in stored:  # what was chosen is known from now on, whether or not it was sampled
        if sample.id in found.ids:
            recognizer.memory.reservoir.add(sample)
    change = recognizer.split(pattern_id, observation_ids=found.ids)
    read_by_examples(recognizer, pattern_id, change.targets[-1], own, found.ids)
    return change


def read_samples(
    recognizer: DefaultPatternRecognizer, project: Project, ids: Sequence[str]
) -> list[Sample]:
    """Stored interactions as the recogniser's sample keeps them; those whose text is gone are left out."""
    rows = ModelInteraction.objects.filter(
        project=project, id__in=list(ids)[:MOST_EXAMPLES], state=1
    )
    found = list(rows)
    data = dict(Payload.objects.filter(pk__in=[row.pk for row in found]).values_list("pk", "data"))
    made = (make_stored_sample(recognizer, row, data[row.pk]) for row in found if row.pk in data)
    return [one for one in made if one is not None]


def make_stored_sample(
    recognizer: DefaultPatternRecognizer, row: ModelInteraction, data: Stored
) -> Sample | None:
    memory = recognizer.memory
    try:
        seen = view_input(observation_of(row, data))
    except ValueError:
        return None
    view = read_words(memory, seen)
    grouper = memory.groupers.get(view.partition)
    group = grouper.match(view.text) if grouper is not None else None
    return None if group is None else make_sample(row.id, group.key, seen, view)


def collect_texts(
    recognizer: DefaultPatternRecognizer, pattern_id: str, stored: Sequence[Sample]
) -> dict[str, str]:
    """The known texts of a pattern by id: those sampled, and the stored ones."""
    if pattern_id not in recognizer:
        raise ValueError(f"There is no pattern {pattern_id}.")
    state = recognizer.get(pattern_id)
    if state.kind not in TEXTS:
        raise ValueError("Only patterns of text are split by examples: split this one by a slot.")
    if "#" in state.key:
        raise ValueError(
            "This pattern was itself split off: undo that, and split the whole by other examples."
        )
    known = [*recognizer.memory.reservoir, *stored]
    return {one.id: one.text for one in known if one.key == state.key}


def choose_alike(own: dict[str, str], ids: Collection[str]) -> Likeness:
    chosen = own.keys() & set(ids)
    if not chosen:
        raise ValueError("None of these examples belongs to the pattern any more.")
    if len(chosen) == len(own):
        raise ValueError("All known examples were chosen: nothing would stay behind.")
    return find_alike(own, chosen)
