"""The page on which people judge pairs of answers that differ, without knowing which model said what."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render

from featurememory.page_access import changing, current_project, page
from optimizations.shadow_answers.disagreements import (
    AnswerPair,
    find_unjudged,
    list_disagreements,
    load_pairs,
)
from optimizations.shadow_answers.export import stream_pairs
from optimizations.shadow_answers.verdicts import judge_pair
from optimizations.storage import decode_state
from optimizations.views.optimizations import find_optimization

READ = 20  # pairs below the one to judge, to read before trusting a cheaper model
SIDES = {"left": "better", "right": "better", "same": "same"}


@page
def pairs(request: HttpRequest, optimization_id: str) -> HttpResponse:
    row = find_optimization(request, optimization_id)
    rows = list_disagreements(row.project_id, row.id)
    waiting = find_unjudged(rows)
    first = load_pairs(row.project_id, list(waiting.order_by("number")[:1]))
    context = {
        "row": row,
        "pair": first[0] if first else None,
        "sides": place_sides(first[0]) if first else (),
        "waiting": waiting.count(),
        "needed": (decode_state(row).pairs if row.state else {}).get("verdicts_needed"),
        "read": [
            (pair, place_sides(pair))
            for pair in load_pairs(row.project_id, list(rows.order_by("-number")[:READ]))
        ],
    }
    return render(request, "optimizations/pairs.html", context)


def place_sides(pair: AnswerPair) -> tuple[Any, Any]:
    """Left and right."""
    sides = (pair.output, pair.shadow_output)
    return (sides[1], sides[0]) if pair.swapped else sides


@changing
def judge(request: HttpRequest, optimization_id: str) -> HttpResponseBase:
    """POST: which side is better, or `undo` with the pair whose verdict is taken back."""
    row = find_optimization(request, optimization_id)
    if request.method == "POST":
        name, side = request.POST.get("shadow_id", "")[:64], request.POST.get("side", "")
        rows = list_disagreements(row.project_id, row.id)
        found = load_pairs(
            row.project_id, list(rows.filter(shadow_id=name.replace("\x00", ""))[:1])
        )
        if found and (side in SIDES or side == "undo"):
            person = str(request.user.get_username())
            judge_pair(current_project(request), name, read_side(found[0], side), person)
            if side != "undo":
                messages.success(request, name, extra_tags="judged")
    return redirect("optimization_pairs", optimization_id=row.id)


def read_side(pair: AnswerPair, side: str) -> int | None:
    """The verdict on the shadow's answer."""
    if side in ("same", "undo"):
        return 0 if side == "same" else None
    return 1 if (side == "left") == pair.swapped else -1


@page
def pairs_file(request: HttpRequest, optimization_id: str) -> HttpResponseBase:
    """All pairs as NDJSON, in the shape of the API."""
    row = find_optimization(request, optimization_id)
    response = StreamingHttpResponse(
        stream_pairs(row.project_id, row.id), content_type="application/x-ndjson"
    )
    response["Content-Disposition"] = f'attachment; filename="pairs-{row.id[:8]}.ndjson"'
    return response
