"""Plan the repair of one partition from an immutable copy of it.

All that is costly about a repair is here, and needs nothing else: it can be done in another
process while the recogniser goes on learning. `apply_plan` puts the outcome in place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from patterns.engine.domain.digests import make_pattern_id
from patterns.engine.grouping.free_text.embedders import Embedder
from patterns.engine.grouping.grouper import Grouper
from patterns.engine.grouping.prompts.slot_ngrams import Passages
from patterns.engine.grouping.registry import SharedMemory, make_grouper, suit_grouper
from patterns.engine.pattern.anchors import Skeleton
from patterns.engine.repair.plan import Draft, RepairPlan

FEW = 3  # texts of one group in which a repair sees no template
YOUNG = 40  # texts of a partition below which that says nothing about the group


class Planner:
    """Makes the plan of one draft, and takes in texts that came while it did.

    `passages` is noted into: hand over a copy where the recogniser goes on meanwhile.
    """

    def __init__(self, draft: Draft, passages: Passages, embedder: Embedder | None) -> None:
        self.draft, self.shared = draft, SharedMemory(passages, embedder)
        self.texts = {name: text for name, text, _ in draft.samples}

    def run(self) -> RepairPlan:
        draft = self.draft
        texts = [text for _, text, _ in draft.samples]
        empty = make_grouper(draft.method, draft.name, self.shared)
        self.grouper = suit_grouper(empty, texts, draft.name, self.shared)
        groups = keep_few(self.grouper.regroup(texts), [key for _, _, key in draft.samples])
        kept = _keep_recurring(draft, groups)
        groups, samples = [groups[i] for i in kept], [draft.samples[i] for i in kept]
        texts = [text for _, text, _ in samples]
        names = _name_groups(draft, groups, samples)
        self.grouper.rebuild(texts, groups, names)
        keys = dict.fromkeys(self.texts, "")
        keys.update((s[0], names[g]) for s, g in zip(samples, groups, strict=True))
        self.plan = RepairPlan(self.grouper.method, b"", keys, {})
        for key, members in collect_members(keys, self.texts).items():
            self.plan.summaries[key] = self.grouper.summary(key, members, draft.worded.get(key))
        return self._write_plan()

    def more(self, draft: Draft) -> RepairPlan:
        """The same plan, with the texts that came since."""
        self.texts.update((name, text) for name, text, _ in draft.samples)
        take_in(self.grouper, self.plan, draft, self.texts)
        return self._write_plan()

    def _write_plan(self) -> RepairPlan:
        return msgspec.structs.replace(self.plan, data=self.grouper.to_bytes())


def take_in(grouper: Grouper, plan: RepairPlan, draft: Draft, texts: Mapping[str, str]) -> None:
    """Adds the samples of a draft to the groups of a plan, or founds groups under their old keys.

    `texts` holds the text of every sample of the plan and of the draft.
    """
    stale: dict[str, None] = {}
    for name, text, key in draft.samples:
        free = key not in plan.summaries and grouper.skeleton(key) is None
        own = key if free else make_fresh_key(draft, name, text, key)
        found = grouper.learn(text, own).key
        plan.keys[name] = found
        stale[found] = None
    members = collect_members({n: k for n, k in plan.keys.items() if k in stale}, texts)
    for key in stale:
        skeleton, summary = grouper.skeleton(key), plan.summaries.get(key)
        if summary is None or _list_anchors(skeleton) != _list_anchors(summary.skeleton):
            plan.summaries[key] = grouper.summary(key, members[key], draft.worded.get(key))
        else:
            plan.summaries[key] = msgspec.structs.replace(summary, skeleton=skeleton)


def collect_members(keys: Mapping[str, str], texts: Mapping[str, str]) -> dict[str, list[str]]:
    """The texts of each group."""
    found: dict[str, list[str]] = {}
    for name, key in keys.items():
        if key and name in texts:
            found.setdefault(key, []).append(texts[name])
    return found


def make_fresh_key(draft: Draft, name: str, text: str, key: str) -> str:
    """The key of a group split from the group `key`, the same in every process."""
    founded = draft.founded.get(key, draft.now)
    return make_pattern_id(founded, str(draft.seed), name, draft.name, text, "split")


def keep_few(groups: Sequence[int], keys: Sequence[str]) -> list[int]:
    """Groups of a few texts that were made on arrival stay while their partition is young: where all of
    them were taken apart there is too little to see what they share, and no reason to undo what was seen.

    `groups` and `keys` are the new and the old group of each text.
    """
    if len(groups) >= YOUNG:
        return list(groups)
    size = Counter(groups)
    before: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        before.setdefault(key, []).append(place)
    joined = list(groups)
    for places in before.values():
        if 2 <= len(places) <= FEW and all(size[groups[place]] == 1 for place in places):
            for place in places:
                joined[place] = groups[places[0]]
    return joined


def _keep_recurring(draft: Draft, groups: Sequence[int]) -> list[int]:
    """Leaves out texts that stand alone and whose pattern was evicted."""
    size = Counter(groups)
    return [
        place
        for place, (group, (_, _, key)) in enumerate(zip(groups, draft.samples, strict=True))
        if size[group] > 1 or key in draft.founded
    ]


def _name_groups(
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
            names[group] = make_fresh_key(draft, name, text, key)
    return names


def _list_anchors(skeleton: Skeleton | None) -> Sequence[int]:
    return skeleton.anchors if skeleton is not None else []
