"""Generated calls of models for the benchmarks: recurring tasks with varying values, 2.7 kB each.

Deterministic by seed. The tasks come with a system prompt, a context that varies and a request, as
an application sends them; how often each occurs falls off exponentially.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from typing import Any

MODELS = ("north-1", "north-1-small", "delta-large", "delta-fast", "open-40b", "open-8b")
TASKS = (
    ("claims.deadline", "By when must the claim {code} of {person} be settled, and who signs?"),
    ("claims.letter", "Write to {person} that claim {code} over {money} was declined on {date}."),
    ("library.loan", "May {person} extend the loan of {thing} beyond {date}?"),
    ("library.fine", "Which fine is due for {thing}, returned {count} days late in {town}?"),
    ("garden.plan", "Plan a bed of {count} square metres in {town} around a {thing}."),
    ("garden.pest", "The {thing} in row {count} has spots since {date}; what should {person} do?"),
    ("clinic.recall", "List the patients of {town} whose check-up was before {date}."),
    ("clinic.note", "Turn this note of {date} into a letter for {person}: dose {count} mg."),
    ("fleet.route", "Route lorry {code} from {town} to {other} with {count} pallets."),
    ("fleet.repair", "Lorry {code} loses oil near {town}; is a repair for {money} worth it?"),
    ("tax.receipt", "Book receipt {code} of {date} over {money} for {person}."),
    ("tax.rule", "Is {thing} for {money} deductible when bought in {town}?"),
    ("school.report", "Write a report for {person} about {count} lessons on {thing}."),
    ("school.excuse", "Excuse {person} from class between {date} and {date}."),
    ("museum.label", "A label of {count} words for the {thing} from {town}, year {year}."),
    ("museum.loan", "Draft the loan of object {code} to the museum of {town} for {money}."),
    ("water.meter", "Meter {code} in {town} shows {count} cubic metres; is that plausible?"),
    ("water.outage", "Announce the outage in {town} on {date} to {count} households."),
    ("theatre.seats", "Find {count} seats together in {town} on {date} below {money}."),
    ("theatre.script", "Shorten scene {count} so that {person} keeps the line about the {thing}."),
)
PEOPLE = ("Ines Rao", "Olu Ade", "Kim Sorel", "Petra Vogt", "Yara Haddad", "Bo Lindqvist")
TOWNS = ("Evora", "Tartu", "Lecce", "Odense", "Kosice", "Bergen", "Nantes", "Gijon", "Ruse")
THINGS = ("oak bench", "brass lamp", "pear tree", "tin drum", "sea chart", "linen coat")
SENTENCES = (
    "The office answers within two working days and keeps a copy of every letter.",
    "Amounts are stated in the currency of the place where the contract was made.",
    "Nobody outside the department may see the reasons for a refusal.",
    "Say plainly what is not known, and whom to ask instead.",
    "A date without a year means the present year.",
    "Requests that arrived after noon count as received on the next day.",
    "The reader may be in a hurry: put the answer first, the reasons after it.",
    "Names are written as they stand in the register, never shortened.",
    "Two signatures are needed above the limit that the board has set.",
    "The previous case was closed without a remark.",
    "Measurements are rounded to what the instrument can show.",
    "An appeal has to be lodged in writing and suspends the decision.",
)
HOUR_MS = 3_600_000


def filled(template: str, dice: random.Random) -> str:
    day = f"2026-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}"
    return template.format(
        code=f"{dice.choice('KLMRT')}-{dice.randrange(10_000, 99_999)}",
        person=dice.choice(PEOPLE),
        money=f"{dice.randrange(5, 9000)}.{dice.randrange(10, 99)} EUR",
        date=day,
        thing=dice.choice(THINGS),
        town=dice.choice(TOWNS),
        other=dice.choice(TOWNS),
        count=dice.randrange(2, 90),
        year=dice.randrange(1700, 1999),
    )


def prose(dice: random.Random, length: int) -> str:
    text = ""
    while len(text) < length:
        text += dice.choice(SENTENCES) + " "
    return text[:length]


def items(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Interactions as the API takes them, without an id; timestamps are of the last minutes."""
    dice, now = random.Random(seed), int(time.time() * 1000)
    systems = {task: f"You work for {task}. {prose(dice, 560)}" for task, _ in TASKS}
    for number in range(count):
        task, template = TASKS[min(int(dice.expovariate(0.15)), len(TASKS) - 1)]
        yield item(dice, task, filled(template, dice), systems[task], now - count + number)


def item(dice: random.Random, task: str, request: str, system: str, at_ms: int) -> dict[str, Any]:
    duration = round(dice.lognormvariate(6.5, 0.6), 2)
    sent, answered = dice.randrange(250, 480), dice.randrange(90, 260)
    return {
        "model_id": dice.choice(MODELS),
        "task_type": task,
        "input": {
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": "Context: " + prose(dice, dice.randrange(420, 760))},
                {"role": "user", "content": request},
            ]
        },
        "output": {"role": "assistant", "content": prose(dice, dice.randrange(500, 980))},
        "parameters": {"temperature": 0.2, "max_tokens": 512},
        "metadata": {
            "timestamp": at_ms,
            "duration": duration,
            "resource_usage": {
                "memory_usage": dice.randrange(50, 900) << 20,
                "token_count": sent + answered,
                "processing_time": round(duration * 0.95, 2),
            },
        },
        "usage": {
            "input_tokens": sent,
            "output_tokens": answered,
            "cost": round((sent + 4 * answered) * 1e-6, 8),
        },
        "success": dice.random() < 0.93,
        "score": round(dice.betavariate(5, 2), 3),
        "session_id": f"s-{dice.randrange(5000)}",
        "tags": {"env": "prod", "app": "desk", "version": "3.2"},
    }


class Bodies:
    """Request bodies with fresh, scattered ids, made from a fixed set of items."""

    HOLE = b"@id@"

    def __init__(self, count: int = 2000, seed: int = 1) -> None:
        made = (json.dumps({"id": "@id@", **found}) for found in items(count, seed))
        self.parts = [text.encode().split(self.HOLE, 1) for text in made]
        self.used = 0

    def take(self, count: int) -> list[bytes]:
        first, self.used = self.used, self.used + count
        return [self._body(first + offset) for offset in range(count)]

    def _body(self, number: int) -> bytes:
        head, tail = self.parts[number % len(self.parts)]
        return head + b"%08x-%d" % (number * 2_654_435_761 % 2**32, number) + tail
