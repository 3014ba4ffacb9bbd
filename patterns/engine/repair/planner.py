"""What a repair will make of one partition, worked out from an immutable copy of it.

All that is costly about a repair is here, and needs nothing else: it can be done in another
process while the recogniser goes on learning. `consolidation` puts the outcome in place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from patterns.engine.domain.digests import pattern_id
from patterns.engine.grouping.free_text.embedders import Embedder
from patterns.engine.grouping.logs.grouper import DrainGrouper
from patterns.engine.grouping.objects.grouper import ShapeGrouper
from patterns.engine.grouping.prompts.grouper import PromptGrouper
from patterns.engine.grouping.prompts.slot_ngrams import Passages
from patterns.engine.grouping.registry import AnyGrouper, made, method_of, suited
from patterns.engine.pattern.anchors import Skeleton
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.repair.plan import Draft, Looks, Plan
from patterns.engine.templates.gap_statistics import Gaps, cohesion_of_shapes
from patterns.engine.templates.gap_words import Wording
from patterns.engine.templates.rendering import (
    pieces_of,
    template_of,
    values_of,
    worded,
    words_in_gaps,
)
from patterns.engine.text.input_view import SEPARATOR

SHOWN = 40  # samples of a group that fill the slots of its template


class Planner:
    """Makes the plan of one draft, and takes in texts that came while it did.

    `passages` is noted into: hand over a copy where the recogniser goes on meanwhile.
    """

    def __init__(self, draft: Draft, passages: Passages, embedder: Embedder | None) -> None:
        self.draft, self.passages, self.embedder = draft, passages, embedder
        self.texts = {name: text for name, text, _ in draft.samples}

    def run(self) -> Plan:
        draft = self.draft
        texts = [text for _, text, _ in draft.samples]
        empty = made(draft.method, b"", draft.name, self.passages, self.embedder)
        self.grouper = suited(empty, texts, draft.name, self.passages, self.embedder)
        groups = self.grouper.regroup(texts)
        kept = _kept(draft, groups)
        groups, samples = [groups[i] for i in kept], [draft.samples[i] for i in kept]
        texts = [text for _, text, _ in samples]
        names = _named(draft, groups, samples)
        self.grouper.rebuild(texts, groups, names)
        keys = dict.fromkeys(self.texts, "")
        keys.update((s[0], names[g]) for s, g in zip(samples, groups, strict=True))
        self.plan = Plan(method_of(self.grouper) or "", b"", keys, {})
        for key, members in members_of(keys, self.texts).items():
            self.plan.looks[key] = looks_of(self.grouper, key, members, draft.worded.get(key))
        return self._written()

    def more(self, draft: Draft) -> Plan:
        """The same plan, with the texts that came since."""
        self.texts.update((name, text) for name, text, _ in draft.samples)
        take_in(self.grouper, self.plan, draft, self.texts)
        return self._written()

    def _written(self) -> Plan:
        prompts = isinstance(self.grouper, PromptGrouper)
        return msgspec.structs.replace(self.plan, data=b"" if prompts else self.grouper.to_bytes())


def take_in(grouper: AnyGrouper, plan: Plan, draft: Draft, texts: Mapping[str, str]) -> None:
    """Newcomers join the groups of a plan, or found their own under the key they had.

    `texts` holds the text of every sample of the plan and of the draft.
    """
    stale: dict[str, None] = {}
    for name, text, key in draft.samples:
        free = key not in plan.looks and _skeleton(grouper, key) is None
        own = key if free else fresh_key(draft, name, text, key)
        found = grouper.learn(text, own).key
        plan.keys[name] = found
        stale[found] = None
    members = members_of({n: k for n, k in plan.keys.items() if k in stale}, texts)
    for key in stale:
        skeleton, looks = _skeleton(grouper, key), plan.looks.get(key)
        if looks is None or _anchors(skeleton) != _anchors(looks.skeleton):
            plan.looks[key] = looks_of(grouper, key, members[key], draft.worded.get(key))
        else:
            plan.looks[key] = msgspec.structs.replace(looks, skeleton=skeleton)


def looks_of(
    grouper: AnyGrouper,
    key: str,
    texts: Sequence[str],
    held: Sequence[Wording] | None = None,
) -> Looks:
    """`held` are the static words of its gaps, where they must stay what they are."""
    shown = texts[:SHOWN]
    if isinstance(grouper, PromptGrouper):
        skeleton = grouper.skeleton(key)
        anchors = frozenset(skeleton.anchors)
        gaps = Gaps()
        cut = []
        for text in shown:
            cut.append(pieces_of(text, anchors))
            gaps.add(text, anchors)
        wording, usual = words_in_gaps(cut, held)
        template = template_of(worded(cut[usual], wording))
        filled = PatternState(id=key, partition="", kind="")
        for pieces in cut:
            filled.fill(values_of(pieces, template, wording))
        return Looks(skeleton, template, filled.sketches, [], gaps.cohesion(), wording)
    template = grouper.template(key)
    if isinstance(grouper, DrainGrouper):
        fills = [pair for text in shown for pair in grouper.slots(key, text).items()]
        return Looks(None, template, {}, fills)
    if isinstance(grouper, ShapeGrouper):
        shapes = [text.split(SEPARATOR) for text in texts]
        return Looks(None, template, {}, [], cohesion_of_shapes(shapes))
    return Looks(None, template, {}, [])


def members_of(keys: Mapping[str, str], texts: Mapping[str, str]) -> dict[str, list[str]]:
    """The texts of each group."""
    found: dict[str, list[str]] = {}
    for name, key in keys.items():
        if key and name in texts:
            found.setdefault(key, []).append(texts[name])
    return found


def fresh_key(draft: Draft, name: str, text: str, key: str) -> str:
    founded = draft.founded.get(key, draft.now)
    return pattern_id(founded, str(draft.seed), name, draft.name, text, "split")


def _kept(draft: Draft, groups: Sequence[int]) -> list[int]:
    """All but the texts that stand alone and whose pattern was evicted: those do not come back."""
    size = Counter(groups)
    return [
        place
        for place, (group, (_, _, key)) in enumerate(zip(groups, draft.samples, strict=True))
        if size[group] > 1 or key in draft.founded
    ]


def _named(
    draft: Draft, groups: Sequence[int], samples: Sequence[tuple[str, str, str]]
) -> dict[int, str]:
    """Each group takes the key it shares most samples with; nobody else gets that key."""
    pairs = Counter((group, key) for group, (_, _, key) in zip(groups, samples, strict=True))
    names: dict[int, str] = {}
    taken: set[str] = set()
    for (group, key), _ in sorted(pairs.items(), key=lambda p: (-p[1], p[0][1], p[0][0])):
        if group not in names and key not in taken:
            names[group] = key
            taken.add(key)
    for group, (name, text, key) in zip(groups, samples, strict=True):
        if group not in names:
            names[group] = fresh_key(draft, name, text, key)
    return names


def _skeleton(grouper: AnyGrouper, key: str) -> Skeleton | None:
    if not isinstance(grouper, PromptGrouper) or key not in grouper.groups:
        return None
    return grouper.skeleton(key)


def _anchors(skeleton: Skeleton | None) -> Iterable[int]:
    return skeleton.anchors if skeleton is not None else ()
