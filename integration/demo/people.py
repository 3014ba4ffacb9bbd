"""What the people of the demo did by hand, and on which day."""

from __future__ import annotations

from collections.abc import Callable

from featurememory.config import save_config
from featurememory.models import Project
from optimizations.manager import OptimizationManager
from optimizations.models import Optimization
from patterns.curation import editing, pruning
from patterns.models import Pattern

MARA, JONAS = "mara", "jonas"
# What mara does not want tried again, once it has come to that.
SETTLED_BY_HAND = (("rejected", "support.reply"), ("suspended", "invoice.extract"))
WHY = {
    "rejected": "Too many replies had to be written again",
    "suspended": "The provider has confirmed that the model got worse",
}


class People:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.days: tuple[tuple[float, Callable[[], None]], ...] = (
            (0.5, self.keep_evidence),
            (6.5, self.try_more),
            (9.0, lambda: self.name("contract.review", "Contract review against the playbook")),
            (12.0, lambda: self.name("invoice.extract", "Invoice to JSON")),
            (16.0, lambda: self.pin("contract.review")),
            (25.0, self.prune_vouchers),
            (33.0, self.raise_threshold),
        )

    def act(self, after: float, until: float) -> None:
        """Everything done after one moment and until another."""
        for day, act in self.days:
            if after < day <= until:
                act()
        for status, task_type in SETTLED_BY_HAND:
            self.block(status, task_type)

    def keep_evidence(self) -> None:
        config = self.project.config
        config.retention_period = 90
        save_config(config, JONAS, "A quarter of evidence, for the review in January")

    def try_more(self) -> None:
        config = self.project.config
        config.exploration_budget = 0.3
        config.cost_weight = 0.2
        save_config(config, JONAS, "Find cheaper models before the season starts")

    def raise_threshold(self) -> None:
        config = self.project.config
        config.confidence_threshold = 0.75
        save_config(config, JONAS, "Only act on what is well known")

    def find(self, task_type: str) -> Pattern | None:
        rows = Pattern.objects.stored().filter(project=self.project, task_type=task_type)
        return rows.order_by("-use_count").first()

    def name(self, task_type: str, label: str) -> None:
        if pattern := self.find(task_type):
            editing.edit_pattern(self.project, pattern, MARA, label=label)

    def pin(self, task_type: str) -> None:
        if pattern := self.find(task_type):
            editing.edit_pattern(self.project, pattern, MARA, pinned=True)

    def block(self, status: str, task_type: str) -> None:
        """What was rolled back or rejected for good is not tried again."""
        rows = Optimization.objects.filter(
            project=self.project, status=status, task_type=task_type, control=""
        )
        for row in rows:
            OptimizationManager(self.project).act(row.id, "block", MARA, WHY[status])

    def prune_vouchers(self) -> None:
        """The campaign is over."""
        rows = Pattern.objects.stored().filter(project=self.project, task_type="support.voucher")
        if rows.exists():
            pruning.prune_patterns(self.project, rows, MARA)
