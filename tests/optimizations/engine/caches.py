"""A caller of the cache: asks, serves or runs, and reports."""

from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.task import Request, Task, TaskDecision
from optimizations.engine.policy import PolicyEngine


def run(
    policy: PolicyEngine,
    number: int,
    text: str,
    output: str,
    told: bool | None = None,
    session: str | None = None,
    task_type: str = "t",
) -> TaskDecision:
    """`told`: what people say of a served answer."""
    at = number * 60.0
    decision = policy.decide(
        Request(f"r{number}", Task("m", text, task_type, session_id=session), at)
    )
    served = decision.served_from_cache
    answer = decision.cached_output if served else output
    word = told if served else None
    policy.observe(
        Outcome(
            f"i{number}", decision.task, "m", at, decision,
            success=word, output=answer, cost=1.0, cached=served,
        )
    )  # fmt: skip
    if policy.review_due:
        policy.review(at)
    return decision
