"""What the API says about the experiment behind an optimization, for OpenAPI."""

from __future__ import annotations

from typing import Any


def describe_object(text: str, /, **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "description": text, "properties": properties}


def describe_value(kind: str, text: str) -> dict[str, Any]:
    return {"type": kind, "description": text, "nullable": True}


COUNT = describe_value("integer", "A number of requests")
INTERVAL = describe_object(
    "A mean with three standard errors on both sides",
    point=describe_value("number", "0 to 1"),
    low=describe_value("number", "0 to 1"),
    high=describe_value("number", "0 to 1"),
)
SAVED = {**INTERVAL, "description": "In the project's currency; null: unpriced", "nullable": True}
EFFECT = {
    "n": describe_object("Requests by arm", treatment=COUNT, holdout=COUNT),
    "quality": INTERVAL,
    "utility": INTERVAL,
    "gained": {**INTERVAL, "description": "Good answers more than without the change"},
    "saved": SAVED,
}
ARM = describe_object(
    "One arm",
    came=describe_value("integer", "Outcomes that came"),
    missing=describe_value("integer", "Outcomes that did not come in time and have not since"),
    late=describe_value("integer", "Outcomes that came after they counted as missing"),
    share=describe_value("number", "Of the outcomes, how many are missing"),
    delays={
        "type": "array",
        "items": {"type": "integer"},
        "description": "Outcomes by how long they took: up to each of bounds_s, then longer ones",
    },
    within_s=describe_value("number", "Seconds within which 95 % came; null: over a day"),
)
EXPERIMENT = describe_object(
    "Is the experiment sound, what can it find out, what did it bring; null before the first review",
    warnings={"type": "array", "items": {"type": "string"}, "description": "To be looked into"},
    outlook=describe_value("string", "What is left until a proof, in a sentence"),
    sessions=describe_object(
        "Sessions that saw both arms",
        n=describe_value("integer", "Sessions that took part"),
        returned=describe_value("integer", "Those with more than one request"),
        crossed=describe_value("integer", "Those that saw both arms"),
        share=describe_value("number", "crossed / returned"),
        warn=describe_value("boolean", "At least 5, and 2 %"),
    ),
    outcomes=describe_object(
        "Outcomes that never came",
        waited_s=describe_value("number", "Seconds after which one counts as missing"),
        bounds_s={"type": "array", "items": {"type": "number"}, "description": "Of `delays`"},
        treatment=ARM,
        holdout=ARM,
        warn=describe_value("boolean", "At least 20, and a tenth of all"),
        differs=describe_value("boolean", "They differ between the arms: the change is held"),
    ),
    balance={
        "type": "array",
        "items": describe_object(
            "One always-valid test of the ratio of the arms",
            what=describe_value("string", "Which outcomes"),
            treatment=COUNT,
            holdout=COUNT,
            expected=describe_value("number", "Treated ones by the chances of assignment"),
            e_value=describe_value("number", "The highest so far; alarm from 2,000"),
            off=describe_value("boolean", "Whether it raised the alarm"),
            text=describe_value("string", "The same in words"),
        ),
    },
    since_activation=describe_object(
        "The effect since it is active, from the holdout alone",
        promised=describe_value("object", "Quality and utility as they looked at the activation"),
        total=describe_object("All months", **EFFECT),
        months={
            "type": "array",
            "items": describe_object(
                "One month in UTC",
                month=describe_value("string", "2026-11"),
                total=describe_object("This month and those before", **EFFECT),
                **EFFECT,
            ),
        },
    ),
    power=describe_object(
        "Of a trial that has not ended, if the change keeps quality and saves what is expected",
        more=describe_value("integer", "Requests of both arms; null: saving cannot prove it"),
        days=describe_value("number", "At the present pace"),
        per_day=describe_value("number", "Requests a day that can be compared"),
        chance=describe_value("number", "Of a proof within the limits"),
        limit=describe_value("integer", "Requests after which it is given up"),
        smallest=describe_value("number", "The smallest loss of quality that it could exclude"),
        share=describe_value("number", "Of a pattern's requests on trial"),
    ),
)
DETAIL: dict[str, Any] = {
    "type": "object",
    "additionalProperties": True,
    "properties": {"experiment": {**EXPERIMENT, "nullable": True}},
}
