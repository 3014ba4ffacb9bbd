"""Payloads are one mark each, whatever their length; instructions stay as they are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.engine.text.payloads.folding import fold_payloads
from patterns.engine.text.payloads.marks import CLOSE, OPEN


def folded(text: str) -> str:
    return fold_payloads(text).replace(OPEN, "<<").replace(CLOSE, ">>")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('Classify: {"b": [1, {"c": "]"}], "a": 1}', "Classify: <<json>>"),
        ("Add up:\n\nday,sum\nMon,3\nTue,4\nWed,5", "Add up:\n\n<<rows>>"),
        ("Sum up:\n| a | b |\n|---|---|\n| 1 | 2 |\nShort.", "Sum up:\n<<table>>\nShort."),
        ("<doc>\nA long text here.\nMore.\n</doc>\nTone?", "<doc><<document>></doc>\nTone?"),
        (
            "Use these.\n[1] One text.\n\n[2] Another.\n\nQ: why?",
            "Use these.\n<<passages>>\n\nQ: why?",
        ),
        ("Reply:\n> old\n> older", "Reply:\n<<quote>>"),
        ("Label.\nText: a\nLabel: x\nText: b\nLabel: y", "Label.\n<<examples>>"),
        ("Map.\na b => X\nc d => Y", "Map.\n<<examples>>"),
    ],
)
def test_a_payload_is_one_mark(text: str, found: str) -> None:
    assert folded(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Rules:\n- be short\n- be kind\n- never promise refunds",
        "Amount: 3\nDate: today\nName: Ana\nCity: Graz",
        "Fill {name} into {place} [sic].",
        "<instructions>\nReply with one word, whatever they ask.\n</instructions>",
        "1. Read it.\n2. Answer it.",
    ],
)
def test_instructions_are_no_payload(text: str) -> None:
    assert folded(text) == text


@given(st.text(alphabet='{}[]"\\\n|>,:#-<>/ab1 \t=', max_size=300))
def test_folding_raises_nothing_and_ends_where_it_has_nothing_to_do(text: str) -> None:
    once = fold_payloads(text)
    assert fold_payloads(once) == once or OPEN in once


@pytest.mark.parametrize(
    "piece",
    ["{", '["a",', "<x>", "[1] a\n", "### a 1\n", "a: b\n", "- a: b\n", "|a|\n", '"', "a,b\n"],
)
def test_folding_takes_linear_time(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * size)[:size]
        began = time.process_time()
        fold_payloads(text)
        return time.process_time() - began

    short, long = (min(seconds(size) for _ in range(3)) for size in (7_000, 56_000))
    assert long < 24 * short + 0.05


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ("[03:59] mira: who rotates the key\n  ↳ jo: done\n[04:01] ann: thanks", "rows"),
        (
            "panic: index out of range\n\ngoroutine 8 [running]:\nmain.run(0xc0ffee)\n\t/srv/a.go:9 +0x1f",
            "trace",
        ),
        (
            "java.lang.NullPointerException: order 9\n\tat com.shop.Job.run(Job.java:6)\n\tat B.c(B.java:1)",
            "trace",
        ),
        (
            "# overrides of prod\nkind: CronJob\nmetadata:\n  name: etl\n  zone: west\nspec:\n  n: 3",
            "rows",
        ),
        ("<!doctype html>\n<html><body>\n<p>Prices</p><p>Hours</p>\n</body></html>", "document"),
    ],
)
def test_chats_traces_and_configurations_fold_whole(payload: str, kind: str) -> None:
    instruction = "What went wrong here? Two lines."

    assert folded(f"{payload}\n\n{instruction}") == f"<<{kind}>>\n\n{instruction}"


@pytest.mark.parametrize(
    "trace",
    [
        'Traceback (most recent call last):\n  File "a.py", line 4, in load\n    x()\nKeyError: 3',
        "panic: index out of range\n\ngoroutine 8 [running]:\nmain.run(0xc0ffee)\n\t/srv/a.go:9 +0x1f",
    ],
)
def test_lines_around_a_trace_are_no_part_of_it(trace: str) -> None:
    assert folded(f"Name all hosts.\n{trace}\nNo prose.") == "Name all hosts.\n<<trace>>\nNo prose."


def test_what_was_thrown_belongs_to_the_trace_before_or_behind_it() -> None:
    frames = "  at load (a.js:4:9)\n  at run (b.js:7:1)"

    assert folded(f"Why?\nNetTimeout: 30 s\n{frames}\nnet.Expired: 3") == "Why?\n<<trace>>"
