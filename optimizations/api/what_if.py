"""/api/v1/policy/what-if/: the value of a change had it been made, from the log of decisions."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import invalid
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint
from featurememory.http.json_body import body_of
from featurememory.http.openapi import described
from optimizations.engine.kinds import KINDS
from optimizations.engine.statistics.off_policy import Estimate
from optimizations.what_if import Question, WhatIf, describe_answer, what_if
from patterns.criteria import parse_id
from patterns.ingest.schema import Name, Optional


class WhatIfIn(Struct):
    """The change, and the tasks it would apply to: all of a type, or those of some patterns."""

    type: Name
    params: dict[str, Any]
    task_type: Optional
    base: Annotated[str, Meta(max_length=2000)] | None = None
    pattern_ids: Annotated[list[str], Meta(max_length=1000)] = []


class PolicyWhatIf(Endpoint):
    scopes = {"POST": "read"}
    body_limit = 1 << 17

    @described(
        "What if a change had been applied to all tasks? From the log, or refused", body=WhatIfIn
    )
    def post(self, request: Request) -> Response:
        given = body_of(request, WhatIfIn)
        found = what_if(key_of(request).project_id, build_question(given))
        return Response(answer_to_json(found))


def build_question(given: WhatIfIn) -> Question:
    if given.type not in KINDS:
        raise invalid(f"must be among {', '.join(KINDS)}", "/type")
    if not given.params:
        raise invalid("name at least one parameter to change", "/params")
    patterns = tuple(str(parse_id(name)) for name in given.pattern_ids)
    return Question(given.type, given.params, given.task_type, given.base, patterns)


def answer_to_json(found: WhatIf) -> dict[str, Any]:
    """`value` under the change, `difference` to leaving every task alone, per measure."""
    asked, estimate = found.question, found.estimate
    return {
        "type": asked.kind,
        "params": asked.params,
        "task_type": asked.task_type,
        "base": asked.base,
        "pattern_ids": list(asked.patterns),
        "n": estimate.n,
        "effective_n": estimate.effective_n,
        "support": estimate.support,
        "refused": estimate.refused or None,
        "sentence": describe_answer(found),
        "value": {name: describe_interval(one, estimate) for name, one in found.value.items()},
        "difference": {
            name: describe_interval(one, estimate) for name, one in found.difference.items()
        },
    }


def describe_interval(one: Estimate, whole: Estimate) -> dict[str, float | None] | None:
    if one.refused or whole.refused:
        return None
    return {"point": one.value, "low": one.low, "high": one.high}
