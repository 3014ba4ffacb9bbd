"""The models of the demo: list prices as shipped with the product, pace, and the tasks they may serve."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from featurememory.models import Project
from optimizations.manager import OptimizationManager
from optimizations.model_catalog import Registration
from optimizations.models import ModelPrice, PolicyState
from optimizations.prices.shipped_prices import list_shipped_prices


@dataclass(frozen=True)
class DemoModel:
    """`pace`: its time relative to the model the task asks for; `since`: the day it is registered."""

    model_id: str
    task_types: tuple[str, ...]
    pace: float = 1.0
    tunable: dict[str, Any] = field(default_factory=dict)
    since: float = 0.0

    def price(self, input_tokens: int, output_tokens: int) -> float:
        """Dollars, by the list price."""
        prices = read_prices()[self.model_id]
        spent = input_tokens * (prices["input_per_1m"] or 0.0)
        return round((spent + output_tokens * (prices["output_per_1m"] or 0.0)) / 1e6, 8)


SMALL_TASKS = (
    *("support.order_status", "support.refund", "support.address", "support.cancel"),
    *("support.sign_in", "support.voucher", "support.reply", "faq.answer", "ticket.classify"),
    *("ticket.priority", "regulator.answer", "receipt.check", "document.classify"),
    *("table.to_json", "sql.generate", "contact.extract", "address.normalise", "visit.plan"),
    *("rag.answer", "clause.draft", "log.triage", "agent.lookup"),
)
MODELS = (
    DemoModel("gpt-5-mini", SMALL_TASKS),
    DemoModel("claude-opus-4-5", ("contract.review",)),
    DemoModel("claude-haiku-4-5", ("contract.review",), 0.45),
    DemoModel("gpt-5", ("invoice.extract",), 1.4),
    DemoModel(
        "gemini-2.5-flash",
        ("thread.summarise", "reply.translate", "report.summarise"),
        tunable={"max_output_tokens": {"min": 32, "max": 4096}},
    ),
    DemoModel("gpt-4.1-mini", ("invoice.extract",), 0.6, since=20.0),
    DemoModel("gpt-4.1-nano", ("support.reply",), 0.5, since=29.0),
    DemoModel("gpt-5-nano", ("ticket.classify",), 0.7, since=48.0),
)


@lru_cache(maxsize=1)
def read_prices() -> dict[str, dict[str, float | None]]:
    return {given.model_id: given.prices or {} for _, given in list_shipped_prices()}


@lru_cache(maxsize=32)
def find_model(model_id: str) -> DemoModel:
    return next(model for model in MODELS if model.model_id == model_id)


def register_models(project: Project, start: int, first_day: float, last_day: float) -> None:
    """Register the models that join on these days of the story, priced from its `start` (ms) on."""
    # A fixed salt instead of a random one, so that every demo draws the same assignments.
    PolicyState.objects.get_or_create(pk=project.pk, defaults={"salt": b"demo".ljust(16)})
    manager = OptimizationManager(project)
    for model in MODELS:
        if first_day <= model.since < last_day:
            manager.register(build_registration(model, start))
    # Every call of the story tells its cost: there is nothing to price again.
    ModelPrice.objects.filter(project=project).update(applied=True)


def build_registration(model: DemoModel, start: int) -> Registration:
    capabilities = {"tunable": model.tunable} if model.tunable else {}
    prices = read_prices()[model.model_id]
    return Registration(
        model.model_id, list(model.task_types), capabilities, True, dict(prices), start
    )
