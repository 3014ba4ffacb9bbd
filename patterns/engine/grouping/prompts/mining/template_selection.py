"""Which candidates are templates: the choice that describes all texts in the fewest bits.

An uncapacitated facility location: opening a candidate costs its static text, each text pays its
slot text and its pattern's name. Greedy with lazy gains, then closing what does not pay, under
costs that follow the choice; the price of opening falls from round to round, so that large
templates teach what slot text looks like before small ones are judged.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from patterns.engine.grouping.prompts.mining.candidates import Skeletons, stretches
from patterns.engine.grouping.prompts.mining.corpus import Ints
from patterns.engine.grouping.prompts.mining.description_length import Bits, Flags, costs

COOLING = (50.0, 35.0, 25.0, 18.0, 14.0, 12.0, 10.0, 8.0, 8.0, 8.0)
TIDYING = (8.0, 8.0, 8.0)
PIECE = 10.0  # bits for each stretch of static text
HOSTED = 15.0  # bits another pattern must explain elsewhere in a text to be its host
WORTHY = 10  # static tokens that make a pattern a parent; bits mislead once its text is quoted
RARE, RARE_SHARE = 4, 0.2  # a repeated slot value is rarer than that within its pattern
SPREAD = 12  # texts: a passage that fills slots of several patterns is not more frequent
OWED = 40.0  # bits a far greater pattern must explain elsewhere in a text to be its owner
GREATER = 5.0
Gains = npt.NDArray[np.float64]


class Selection:
    """A choice under way. `owner[text]` is the open candidate it belongs to, -1 for none."""

    def __init__(self, skeletons: Skeletons) -> None:
        self.skeletons = skeletons
        corpus = skeletons.corpus
        self.owner: Ints = np.full(corpus.count, -1, dtype=np.int64)
        self.gain: Gains = np.zeros(corpus.count)
        self.slot: Flags = np.ones(len(corpus.token), dtype=bool)
        self.banned: set[int] = set()
        self.open: list[int] = []
        self.net: Gains = np.zeros(len(skeletons.text))
        self.price: Gains = np.zeros(len(skeletons))
        self.bits: Bits = np.zeros(0, dtype=np.float32)

    def run(self, should_stop: Callable[[], bool], progress: Callable[[int, int], None]) -> bool:
        """True when every round was run."""
        rounds = [(price, False) for price in COOLING] + [(price, True) for price in TIDYING]
        for number, (price, tidy) in enumerate(rounds):
            if should_stop():
                return False
            self._judge(price)
            self._choose()
            self._close()
            if tidy:
                self._tidy()
            self._mark_slots()
            progress(number + 1, len(rounds))
        return True

    def _judge(self, price: float) -> None:
        """What each text would save in each candidate, and what each candidate costs to open."""
        table = self.skeletons
        self.bits, covered = costs(table, self.slot, self._owners_known())
        saved = np.add.reduceat(covered, table.begin[:-1]).astype(np.float64)
        name = np.log2(table.corpus.count / table.sizes)
        self.net = saved - name[table.candidate]
        self.price = price * table.static + PIECE * table.pieces
        self.price[list(self.banned)] = np.inf

    def _owners_known(self) -> Ints:
        """Owners that are templates; being gathered by a word or two says nothing of a text.

        Otherwise what a small template says would count as slot text of the leftover groups its
        texts lie scattered in, too cheap there for the template ever to open.
        """
        weak = self.skeletons.static[self.owner] < WORTHY
        return np.where((self.owner < 0) | weak, -1, self.owner)

    def _span(self, candidate: int) -> slice:
        return slice(self.skeletons.first[candidate], self.skeletons.first[candidate + 1])

    def _choose(self) -> None:
        """Opens the candidate that saves most, again and again (lazy gains: Minoux 1978)."""
        table = self.skeletons
        self.owner[:] = -1
        self.gain[:] = 0.0
        self.open = []
        total = np.add.reduceat(np.maximum(self.net, 0), table.first[:-1]) - self.price
        heap = [(-float(total[i]), int(i)) for i in np.nonzero(total > 0)[0]]
        heapq.heapify(heap)
        while heap:
            _, candidate = heapq.heappop(heap)
            span = self._span(candidate)
            texts, net = table.text[span], self.net[span]
            more = np.maximum(net - self.gain[texts], 0).sum() - self.price[candidate]
            if more <= 0:
                continue
            if heap and -heap[0][0] > more + 1e-9:
                heapq.heappush(heap, (-float(more), candidate))
                continue
            won = net > self.gain[texts]
            self.owner[texts[won]] = candidate
            self.gain[texts[won]] = net[won]
            self.open.append(candidate)

    def _options(self) -> dict[int, list[tuple[float, int, int]]]:
        """For each text (net, candidate, membership) of what is open to it, best first."""
        found: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
        table = self.skeletons
        for candidate in self.open:
            for j in range(table.first[candidate], table.first[candidate + 1]):
                found[int(table.text[j])].append((float(self.net[j]), candidate, j))
        for options in found.values():
            options.sort(key=lambda option: (-option[0], option[1]))
        return found

    def _members(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for text, owner in enumerate(self.owner.tolist()):
            if owner >= 0:
                found[owner].append(text)
        return found

    def _close(self) -> None:
        """Closes what costs more to keep than its texts lose without it."""
        options, shut = self._options(), set[int]()
        for _ in range(6):
            before, members = len(shut), self._members()
            shut |= set(self.open) - members.keys()
            for candidate in sorted(set(members) - shut, key=lambda one: (len(members[one]), one)):
                texts = members[candidate]
                others = [_next(options[t], shut | {candidate}) for t in texts]
                lost = sum(self.gain[t] - net for t, (net, _) in zip(texts, others, strict=True))
                if lost < self.price[candidate]:
                    shut.add(candidate)
                    self._move(texts, others, members)
            if len(shut) == before:
                break
        self.open = [one for one in self.open if one not in shut]

    def _move(
        self, texts: list[int], others: list[tuple[float, int]], members: dict[int, list[int]]
    ) -> None:
        for text, (net, candidate) in zip(texts, others, strict=True):
            self.owner[text] = candidate
            self.gain[text] = net
            if candidate >= 0:
                members[candidate].append(text)

    def _tidy(self) -> None:
        """Closes candidates that only repeat what stands in the slots of others, for good."""
        options, members = self._options(), self._members()
        gone: set[int] = set()
        for candidate in sorted(self.open, key=lambda one: (len(members[one]), one)):
            texts = members[candidate]
            if texts and not self._repeats_slots(candidate, texts, options, gone):
                continue
            gone.add(candidate)
            self.banned.add(candidate)
            others = [_next(options[t], gone) for t in texts]
            self._move(texts, others, members)
        self.open = [one for one in self.open if one not in gone]

    def _repeats_slots(
        self,
        candidate: int,
        texts: list[int],
        options: dict[int, list[tuple[float, int, int]]],
        gone: set[int],
    ) -> bool:
        hosts: Counter[int] = Counter()
        parents: Counter[int] = Counter()
        for text in texts:
            own = next(j for _, one, j in options[text] if one == candidate)
            host = -1
            most = HOSTED
            for other, extra in self._explained_elsewhere(own, options[text], candidate, gone):
                if extra < 0:
                    parents[other] += 1
                elif extra > most:
                    host, most = other, extra
            hosts[host] += 1
        found = len(texts) - hosts.pop(-1, 0)
        most_hosted = max(hosts.values(), default=0)
        few = len(texts) <= SPREAD
        if (
            few
            and found >= 0.6 * len(texts)
            and len(hosts) >= 2
            and most_hosted <= 0.7 * len(texts)
        ):
            return True
        whole = [one for one, n in sorted(parents.items()) if n == len(texts)]
        return bool(whole) and self._is_slot_value(candidate, whole[0], texts, options)

    def _explained_elsewhere(
        self, own: int, options: list[tuple[float, int, int]], candidate: int, gone: set[int]
    ) -> Iterator[tuple[int, float]]:
        """(other candidate, bits it explains where this one does not); -1 when it adds nothing."""
        places = self.skeletons.places(own)
        for _, other, j in options:
            if other != candidate and other not in gone:
                rest = np.setdiff1d(self.skeletons.places(j), places, assume_unique=True)
                yield other, float(self.bits[rest].sum()) if len(rest) else -1.0

    def _is_slot_value(
        self,
        candidate: int,
        parent: int,
        texts: list[int],
        options: dict[int, list[tuple[float, int, int]]],
    ) -> bool:
        """A few texts of a real pattern that agree in one slot, or in some by chance."""
        table = self.skeletons
        all_texts, few = int(table.sizes[parent]), len(texts)
        real = table.static[parent] >= WORTHY
        if few > max(RARE, RARE_SHARE * all_texts) or not real or all_texts <= few:
            return False
        extras = [self._extra_pieces(candidate, parent, options[text]) for text in texts[:20]]
        pieces = min(extras)
        return pieces <= 1 or bool((pieces - 1) * few * np.log2(all_texts / few) <= 10 * pieces)

    def example(self, candidate: int) -> int:
        """The first text that belongs to a candidate."""
        texts = self.skeletons.text[self._span(candidate)]
        own = texts[self.owner[texts] == candidate]
        return int(own[0] if len(own) else texts[0])

    def _extra_pieces(
        self, candidate: int, parent: int, options: list[tuple[float, int, int]]
    ) -> int:
        place = {one: j for _, one, j in options}
        own, theirs = (self.skeletons.places(place[one]) for one in (candidate, parent))
        return stretches(np.setdiff1d(own, theirs, assume_unique=True))

    def give_back(self) -> None:
        """A small pattern gives texts back to a far greater one that explains another part of them."""
        options, members = self._options(), self._members()
        worth = {one: sum(self.gain[t] for t in texts) for one, texts in members.items()}
        for candidate in sorted(members, key=lambda one: (worth[one], one)):
            for text in members[candidate]:
                own = next(j for _, one, j in options[text] if one == candidate)
                for other, extra in self._explained_elsewhere(own, options[text], candidate, set()):
                    if extra >= OWED and worth.get(other, 0) > GREATER * worth[candidate]:
                        self.owner[text] = other
                        break

    def _mark_slots(self) -> None:
        table = self.skeletons
        self.slot[:] = True
        mine = np.nonzero(self.owner[table.text] == table.candidate)[0]
        for j in mine:
            self.slot[table.places(int(j))] = False


def _next(options: list[tuple[float, int, int]], shut: set[int]) -> tuple[float, int]:
    for net, candidate, _ in options:
        if candidate not in shut:
            return (net, candidate) if net > 0 else (0.0, -1)
    return 0.0, -1
