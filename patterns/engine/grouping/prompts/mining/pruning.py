"""Close the candidates that do not pay or only repeat what stands in the slots of others."""

from __future__ import annotations

from collections import Counter

import numpy as np

from patterns.engine.grouping.prompts.mining.assignment import (
    Assignment,
    Members,
    Options,
    find_membership,
    find_next_option,
)
from patterns.engine.grouping.prompts.mining.candidates import count_stretches

WORTHY = 10  # static tokens that make a pattern a parent; bits mislead once its text is quoted
HOSTED = 15.0  # bits another pattern must explain elsewhere in a text to be its host
SPREAD = 12  # texts: a passage that fills slots of several patterns is not more frequent
_HOSTED_SHARE, _ONE_HOST = 0.6, 0.7  # of its texts have a host; more in one is that one's variant
RARE, RARE_SHARE = 4, 0.2  # a repeated slot value is rarer than that within its pattern
OWED = 40.0  # bits a far greater pattern must explain elsewhere in a text to be its owner
GREATER = 5.0
_ROUNDS = 6
_LOOKED_AT = 20  # texts of a candidate


def close_unpaid(choice: Assignment) -> None:
    """Closes what costs more to keep than its texts lose without it."""
    options, shut = choice.options(), set[int]()
    for _ in range(_ROUNDS):
        before, members = len(shut), choice.members()
        shut |= set(choice.open) - members.keys()
        for candidate in sorted(set(members) - shut, key=lambda one: (len(members[one]), one)):
            texts = members[candidate]
            others = [find_next_option(options[t], shut | {candidate}) for t in texts]
            lost = sum(choice.gain[t] - net for t, (net, _) in zip(texts, others, strict=True))
            if lost < choice.price[candidate]:
                shut.add(candidate)
                choice.move(texts, others, members)
        if len(shut) == before:
            break
    choice.close(shut)


def ban_repeats(choice: Assignment) -> None:
    """Closes candidates that only repeat what stands in the slots of others, for good."""
    options, members = choice.options(), choice.members()
    gone: set[int] = set()
    for candidate in sorted(choice.open, key=lambda one: (len(members[one]), one)):
        texts = members[candidate]
        if texts and not _repeats_slots(choice, candidate, texts, options, gone):
            continue
        gone.add(candidate)
        choice.banned.add(candidate)
        choice.move(texts, [find_next_option(options[t], gone) for t in texts], members)
    choice.close(gone)


def give_back(choice: Assignment) -> None:
    """A small pattern gives texts back to a far greater one that explains another part of them."""
    options, members = choice.options(), choice.members()
    worth = _sum_gains(choice, members)
    for candidate in sorted(members, key=lambda one: (worth[one], one)):
        for text in members[candidate]:
            own = find_membership(options[text], candidate)
            for other, extra in choice.explained_elsewhere(own, options[text], candidate):
                if extra >= OWED and worth.get(other, 0) > GREATER * worth[candidate]:
                    choice.owner[text] = other
                    break


def _sum_gains(choice: Assignment, members: Members) -> dict[int, float]:
    return {one: sum(choice.gain[t] for t in texts) for one, texts in members.items()}


def _repeats_slots(
    choice: Assignment, candidate: int, texts: list[int], options: Options, gone: set[int]
) -> bool:
    hosts: Counter[int] = Counter()
    parents: Counter[int] = Counter()
    for text in texts:
        hosts[_find_host(choice, candidate, options[text], gone, parents)] += 1
    if len(texts) <= SPREAD and _is_spread(hosts, len(texts)):
        return True
    whole = [one for one, n in sorted(parents.items()) if n == len(texts)]
    return bool(whole) and _is_slot_value(choice, candidate, whole[0], texts, options)


def _find_host(
    choice: Assignment,
    candidate: int,
    options: list[tuple[float, int, int]],
    gone: set[int],
    parents: Counter[int],
) -> int:
    """The other pattern that explains most of a text elsewhere, -1 without one.

    Counts in `parents` those that explain nothing else: the candidate says all they say, and more.
    """
    host, most = -1, HOSTED
    own = find_membership(options, candidate)
    for other, extra in choice.explained_elsewhere(own, options, candidate, gone):
        if extra < 0:
            parents[other] += 1
        elif extra > most:
            host, most = other, extra
    return host


def _is_spread(hosts: Counter[int], texts: int) -> bool:
    """Whether most texts have a host, and not all the same one."""
    found = {host: n for host, n in hosts.items() if host >= 0}
    hosted = sum(found.values())
    if hosted < _HOSTED_SHARE * texts or len(found) < 2:
        return False
    return max(found.values()) <= _ONE_HOST * texts


def _is_slot_value(
    choice: Assignment, candidate: int, parent: int, texts: list[int], options: Options
) -> bool:
    """A few texts of a real pattern that agree in one slot, or in some by chance."""
    table = choice.skeletons
    all_texts, few = int(table.sizes[parent]), len(texts)
    real = table.static[parent] >= WORTHY
    if few > max(RARE, RARE_SHARE * all_texts) or not real or all_texts <= few:
        return False
    looked_at = [options[text] for text in texts[:_LOOKED_AT]]
    pieces = min(_count_extra_pieces(choice, candidate, parent, own) for own in looked_at)
    return pieces <= 1 or bool((pieces - 1) * few * np.log2(all_texts / few) <= 10 * pieces)


def _count_extra_pieces(
    choice: Assignment, candidate: int, parent: int, options: list[tuple[float, int, int]]
) -> int:
    """How many stretches of a text the candidate explains and its parent does not."""
    own, theirs = (
        choice.skeletons.places(find_membership(options, one)) for one in (candidate, parent)
    )
    return count_stretches(np.setdiff1d(own, theirs, assume_unique=True))
