"""Which candidates are templates: the choice that describes all texts in the fewest bits.

An uncapacitated facility location: opening a candidate costs its static text, each text pays its
slot text and its pattern's name. Greedy with lazy gains, then closing what does not pay, under
costs that follow the choice; the price of opening falls from round to round, so that large
templates teach what slot text looks like before small ones are judged.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np

from patterns.engine.grouping.prompts.mining.assignment import Assignment
from patterns.engine.grouping.prompts.mining.candidates import Skeletons
from patterns.engine.grouping.prompts.mining.corpus import Ints
from patterns.engine.grouping.prompts.mining.description_length import Flags, measure_costs
from patterns.engine.grouping.prompts.mining.pruning import WORTHY, ban_repeats, close_unpaid

COOLING = (50.0, 35.0, 25.0, 18.0, 14.0, 12.0, 10.0, 8.0, 8.0, 8.0)
TIDYING = (8.0, 8.0, 8.0)
PIECE = 10.0  # bits for each stretch of static text


def select_templates(
    skeletons: Skeletons,
    should_stop: Callable[[], bool],
    progress: Callable[[int, int], None],
) -> Assignment | None:
    """The texts of each template; None when stopped. `progress` is told the rounds done, of all."""
    choice = Assignment(skeletons)
    slot: Flags = np.ones(len(skeletons.corpus.token), dtype=bool)
    rounds = [(price, False) for price in COOLING] + [(price, True) for price in TIDYING]
    for number, (price, tidy) in enumerate(rounds):
        if should_stop():
            return None
        _judge_candidates(choice, slot, price)
        _open_candidates(choice)
        close_unpaid(choice)
        if tidy:
            ban_repeats(choice)
        slot = _slot_tokens(choice)
        progress(number + 1, len(rounds))
    return choice


def _judge_candidates(choice: Assignment, slot: Flags, price: float) -> None:
    """What each text would save in each candidate, and what each candidate costs to open."""
    table = choice.skeletons
    choice.bits, covered = measure_costs(table, slot, _owners_known(choice))
    saved = np.add.reduceat(covered, table.begin[:-1]).astype(np.float64)
    name = np.log2(table.corpus.count / table.sizes)
    choice.net = saved - name[table.candidate]
    choice.price = price * table.static + PIECE * table.pieces
    choice.price[list(choice.banned)] = np.inf


def _owners_known(choice: Assignment) -> Ints:
    """Owners that are templates; being gathered by a word or two says nothing of a text.

    Otherwise what a small template says would count as slot text of the leftover groups its
    texts lie scattered in, too cheap there for the template ever to open.
    """
    weak = choice.skeletons.static[choice.owner] < WORTHY
    return np.where((choice.owner < 0) | weak, -1, choice.owner)


def _open_candidates(choice: Assignment) -> None:
    """Opens the candidate that saves most, again and again (lazy gains: Minoux 1978)."""
    table = choice.skeletons
    choice.owner[:] = -1
    choice.gain[:] = 0.0
    choice.open = []
    total = np.add.reduceat(np.maximum(choice.net, 0), table.first[:-1]) - choice.price
    heap = [(-float(total[i]), int(i)) for i in np.nonzero(total > 0)[0]]
    heapq.heapify(heap)
    while heap:
        _, candidate = heapq.heappop(heap)
        span = choice.span(candidate)
        texts, net = table.text[span], choice.net[span]
        more = np.maximum(net - choice.gain[texts], 0).sum() - choice.price[candidate]
        if more <= 0:
            continue
        if heap and -heap[0][0] > more + 1e-9:
            heapq.heappush(heap, (-float(more), candidate))
            continue
        won = net > choice.gain[texts]
        choice.owner[texts[won]] = candidate
        choice.gain[texts[won]] = net[won]
        choice.open.append(candidate)


def _slot_tokens(choice: Assignment) -> Flags:
    """Which tokens of the corpus are slot text: no template covers them."""
    table = choice.skeletons
    slot: Flags = np.ones(len(table.corpus.token), dtype=bool)
    for j in np.nonzero(choice.owner[table.text] == table.candidate)[0]:
        slot[table.places(int(j))] = False
    return slot
