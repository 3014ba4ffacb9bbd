"""The settings of a project's policy, and the models it has registered."""

from __future__ import annotations

import msgspec

from optimizations.engine.domain.task import Json

BUDGET_PART = 0.2  # of the quality margin: 1 point at the usual 5


class PolicySettings(msgspec.Struct, frozen=True):
    """Shares and qualities are 0 to 1, times seconds unless the name says otherwise.

    `exploration_budget` is the largest share of any `window` requests that unproven changes may
    serve; `shadow_budget` the largest share of the spend on models that shadows may cost;
    `activate_at` is the e-value that the guards have to reach, `lift_at` that of the gain: a change
    without any effect reaches 33 in at most 3 % of its trials.
    """

    max_optimizations: int = 500
    effectiveness_threshold: float = 0.5
    retention_period: float = 30 * 86_400.0
    cost_weight: float = 0.1
    duration_weight: float = 0.0
    holdout: float = 0.1
    exploration_budget: float = 0.1
    quality_margin: float = 0.05
    window: int = 5000
    activate_at: float = 20.0
    lift_at: float = 33.0
    reject_at: float = 5.0
    min_per_arm: int = 100
    max_trial_requests: int = 3000
    max_trial_s: float = 14 * 86_400.0
    cool_down_s: float = 14 * 86_400.0
    discovery_rate: float = 0.1
    effectiveness_target: float = 0.5
    latency_factor: float = 3.0
    cache_ttl_s: float = 7 * 86_400.0
    cache_entries: int = 5000
    cache_similar: bool = False
    cache_similar_error: float = 0.05
    budget_quantile: float = 0.99
    shadow_budget: float = 0.02
    kinds: tuple[str, ...] = (
        "route_model",
        "tune_parameters",
        "cache_response",
        "cache_similar",
        "token_budget",
        "timeout",
        "prefix_order",
    )

    @property
    def quality_budget(self) -> float:
        """The largest estimated loss of mean quality over any `window` requests: who allows a larger
        loss where something is changed allows a larger one of all traffic."""
        return BUDGET_PART * self.quality_margin


class Prices(msgspec.Struct, frozen=True):
    """Prices in the project's currency. None: not priced (never 0).

    The `long_` ones hold for calls with more than `long_prompt_above` tokens of input, all of them.
    """

    input_per_1m: float | None = None
    output_per_1m: float | None = None
    per_call: float | None = None
    cached_input_per_1m: float | None = None
    cache_write_per_1m: float | None = None
    reasoning_per_1m: float | None = None
    extended_cache_write_per_1m: float | None = None
    long_prompt_above: float | None = None
    long_input_per_1m: float | None = None
    long_output_per_1m: float | None = None
    long_cached_input_per_1m: float | None = None
    long_cache_write_per_1m: float | None = None
    long_extended_cache_write_per_1m: float | None = None

    def of_prompt(self, tokens: float | None) -> Prices:
        """Those for a call with that much input; what has no price of its own there keeps its own."""
        if self.long_prompt_above is None or tokens is None or tokens <= self.long_prompt_above:
            return self
        given = {name: getattr(self, f"long_{name}") for name in LONG}
        changed = {name: price for name, price in given.items() if price is not None}
        return msgspec.structs.replace(self, long_prompt_above=None, **changed)

    @property
    def price_of_extended_writes(self) -> float | None:
        own = self.extended_cache_write_per_1m
        return self.cache_write_per_1m if own is None else own

    @property
    def has_token_price(self) -> bool:
        return self.input_per_1m is not None or self.output_per_1m is not None

    @property
    def is_set(self) -> bool:
        return self.has_token_price or self.per_call is not None


LONG = (
    "input_per_1m",
    "output_per_1m",
    "cached_input_per_1m",
    "cache_write_per_1m",
    "extended_cache_write_per_1m",
)


class ModelCard(msgspec.Struct, frozen=True):
    """One registered model. `task_types` empty: any.

    `capabilities["tunable"]` declares what may be tuned: `{"temperature": [0, 0.3]}` (allowed
    values) or `{"max_tokens": {"min": 1, "max": 1024}}` (a range).
    """

    model_id: str
    task_types: tuple[str, ...] = ()
    prices: Prices | None = None
    capabilities: dict[str, Json] = msgspec.field(default_factory=dict)
    enabled: bool = True
    version: str = ""

    def serves(self, task_type: str) -> bool:
        return self.enabled and (not self.task_types or task_type in self.task_types)

    @property
    def tunable(self) -> dict[str, Json]:
        found = self.capabilities.get("tunable")
        return found if isinstance(found, dict) else {}
