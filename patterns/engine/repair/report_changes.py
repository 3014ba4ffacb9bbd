"""Report which patterns a repair merged, split and moved samples between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence

from patterns.engine.domain.results import Change, Consolidation
from patterns.engine.recognizer_state.pattern_table import PatternTable
from patterns.engine.repair.share_history import Regrouped


def report_changes(
    patterns: PatternTable, regrouped: Regrouped, before: Sequence[str]
) -> Consolidation:
    """`before` are the ids of the patterns each sample led to; samples get their new keys."""
    redirects: dict[str, str] = {}
    moved: dict[str, str] = {}
    flows: Counter[tuple[str, str]] = Counter()
    for key, sample, old in zip(regrouped.keys, regrouped.samples, before, strict=True):
        sample.key = key
        new = patterns.owners[key]
        flows[old, new] += 1
        if new != old:
            moved[sample.id] = new
    for (old, new), _ in sorted(flows.items(), key=lambda f: (f[1], f[0])):
        if old and old not in patterns:
            redirects[old] = new
    return Consolidation(tuple(_list_changes(flows, patterns)), redirects, moved)


def _list_changes(flows: Counter[tuple[str, str]], alive: Container[str]) -> list[Change]:
    into: dict[str, set[str]] = {}
    out: dict[str, set[str]] = {}
    for old, new in flows:
        if old:
            into.setdefault(new, set()).add(old)
            out.setdefault(old, set()).add(new)
    merged = [
        Change("merged", tuple(sorted(olds)), (new,))
        for new, olds in sorted(into.items())
        if any(old not in alive for old in olds) and len(olds) > 1
    ]
    split = [
        Change("split", (old,), tuple(sorted(news)))
        for old, news in sorted(out.items())
        if len(news) > 1
    ]
    return merged + split
