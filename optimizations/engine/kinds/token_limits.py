"""Limits on the length of answers, measured by group."""

from __future__ import annotations

import math

import msgspec

from optimizations.engine.domain.task import Task
from optimizations.engine.statistics.censored_lengths import AnswerLengths
from optimizations.engine.statistics.error_rate import ErrorRate

MOST_GROUPS = 2000


FIRST, OWN = 20, 30  # answers before a model is limited; before a group has a limit of its own


PATIENCE = 1000  # answers over which a surplus or lack of cut ones is made good


class TokenLimits(msgspec.Struct):
    """Groups are `task type \\x1f model [\\x1f pattern] [\\x1f size]`, widest first in lookups."""

    kind: str
    values: dict[str, AnswerLengths] = msgspec.field(default_factory=dict)
    limit: dict[str, float] = msgspec.field(default_factory=dict)
    dirty: list[str] = msgspec.field(default_factory=list)
    cut: dict[str, ErrorRate] = msgspec.field(default_factory=dict)
    open: list[str] = msgspec.field(default_factory=list)  # "task type \x1f model"

    def learn(self, groups: list[str], length: float, cut: bool) -> None:
        for group in groups:
            if group not in self.values and len(self.values) >= MOST_GROUPS:
                continue
            self.values.setdefault(group, AnswerLengths()).add(length, cut)
            if group not in self.dirty:
                self.dirty.append(group)

    def update_limits(self, q: float) -> None:
        """Recomputes the limits of groups that learned something. How the tail falls is known best for
        the model as a whole."""
        decay: dict[str, float] = {}
        for group in sorted(self.dirty, key=lambda name: name.count("\x1f")):
            root = "\x1f".join(group.split("\x1f")[:2])
            curve = self.values[group].curve()
            if group == root:
                decay[root] = curve.decay()
            enough = self.values[group].seen >= (FIRST if group == root else OWN)
            found = curve.limit(self._aim_share(root, q), decay.get(root, 1.0)) if enough else None
            if found is None or not math.isfinite(found):
                self.limit.pop(group, None)
            else:
                self.limit[group] = found
        self.dirty = []

    def _aim_share(self, root: str, q: float) -> float:
        """Aims a little higher or lower while fewer or more are cut off than 1 − q: adaptive
        conformal inference, Gibbs & Candès, NeurIPS 2021."""
        rate = self.cut.get(root, ErrorRate())
        allowed = 1 - q
        owed = (allowed * rate.n - rate.wrong) / PATIENCE
        return min(2 * allowed, max(0.5 * allowed, allowed + owed))

    def find_limit(self, groups: list[str]) -> float | None:
        """The limit of the narrowest group that has one."""
        for group in reversed(groups):
            if group in self.limit:
                return self.limit[group]
        return None

    def close(self, root: str) -> None:
        self.open = [name for name in self.open if name != root]

    def count_cut(self, root: str, cut: bool) -> None:
        self.cut.setdefault(root, ErrorRate()).add(cut)


def list_groups(task: Task, pattern: str) -> list[str]:
    """From wide to narrow: task type and model, size of the input, pattern with size."""
    root = f"{task.task_type}\x1f{task.model_id}"
    size = round(math.log2(1 + len(msgspec.json.encode(task.input))))
    found = [root, f"{root}\x1f\x1f{size}"]
    return [*found, f"{root}\x1f{pattern}\x1f{size}"] if pattern else found
