"""Which alternatives of a scope run as shadows, so that the most valuable question ends soonest.

One part of the budget goes to what would be served: its pairs are the proof. The other goes, in each
pattern, to what a draw from the posterior would serve instead (Thompson). Nothing goes to what
cannot save, and little as long as nothing promises a gain.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.review.scope_view import ScopeView
from optimizations.engine.review.shadowing.promise import (
    Promise,
    allowed_rate,
    may_search,
    shadow_costs,
    weigh_promise,
)
from optimizations.engine.serving.traffic_plan import PlanSet
from optimizations.engine.shadows.shadow_plan import ShadowChoice, ShadowPattern, ShadowPlan
from optimizations.engine.statistics.arrays import Array

PROOF_PART = 0.8
SEARCH_MORE = 0.004  # utility that a better choice may add, from which the search goes on in full
CHEAP_FIRST = 2.0  # power of its cost by which a question comes later
FULL = 0.01  # of a pattern's requests that are left: no more is asked for there
SEARCH_ON = 0.35  # of the budget once something is active: what may still be found is less


def plan_shadows(view: ScopeView, plans: PlanSet, settings: PolicySettings) -> ShadowPlan:
    promise = weigh_promise(view, settings)
    rate = allowed_rate(view, promise, settings)
    control = np.array([plans.plan_for(p).control for p in view.patterns] + [plans.default.control])
    flow = view.traffic * control  # shadows run beside the incumbent's answers alone
    proof = plan_proof(view, promise, flow, rate * PROOF_PART)
    spent = float((flow[:, None] * proof * shadow_costs(view)).sum())
    search = plan_search(view, promise, flow, max(0.0, rate - spent))
    patterns = [build_pattern(view, p, proof[p], search[p]) for p in range(len(view.traffic))]
    return ShadowPlan(patterns[-1], dict(zip(view.patterns, patterns[:-1], strict=True)))


def plan_proof(view: ScopeView, promise: Promise, flow: Array, rate: float) -> Array:
    """The same chance wherever the best known choice would serve: each pattern by its traffic."""
    chances = np.zeros(view.values.fits.shape)
    state = view.chooser.state if view.chooser else None
    rows = np.flatnonzero(view.picks >= 0)
    if state is None or state.status == "active" or not promise.holds or not len(rows):
        return chances
    cost = float((flow[rows] * shadow_costs(view)[rows, view.picks[rows]]).sum())
    chances[rows, view.picks[rows]] = min(1.0, rate / max(cost, 1e-6))
    return chances


def plan_search(view: ScopeView, promise: Promise, flow: Array, rate: float) -> Array:
    """Each value by the chance that it is the best of its pattern, and the sooner the less it costs:
    questions about cheap values end for little, and theirs are the larger savings. Where quality is
    short it is dear, and few patterns seem worth it: what that leaves of the money goes to the others.
    """
    rate *= min(1.0, promise.hope / SEARCH_MORE)
    if view.chooser is not None and view.chooser.state.status == "active":
        rate *= SEARCH_ON
    prices = flow[:, None] * shadow_costs(view)
    chances = spread(find_wanted(view, view.price), prices, rate, np.ones(len(flow)))
    left = rate - float((prices * chances).sum())
    free = 1.0 - chances.sum(axis=1)
    return chances + spread(find_wanted(view, 0.0), prices, left, free)


def find_wanted(view: ScopeView, price: float) -> Array:
    """[pattern, value] how much each is wanted as a shadow, when quality counts 1 + `price` times."""
    worth = np.where(may_search(view)[None], view.post.worth(price), -np.inf)
    best: npt.NDArray[np.int64] = worth.argmax(axis=2)
    top: Array = worth.max(axis=2)
    wanted = np.zeros(view.values.fits.shape)
    for p, pick in enumerate(view.picks.tolist()):
        own = view.post.worth(price)[:, p, pick] if pick >= 0 else 0.0
        winners = best[:, p][top[:, p] > own + 1e-9]
        wanted[p] = [float((winners == v).sum()) / len(worth) for v in range(len(view.values.keys))]
    return np.asarray(wanted / shadow_costs(view) ** CHEAP_FIRST, dtype=np.float64)


def spread(wanted: Array, prices: Array, rate: float, room: Array) -> Array:
    """`wanted` as chances that cost `rate` together, and no more than `room` in any pattern."""
    wanted = wanted * (room > FULL)[:, None]
    most = float((wanted.sum(axis=1) / np.maximum(room, FULL)).max())
    cost = float((prices * wanted).sum())
    if rate <= 0 or most <= 0 or cost <= 0:
        return np.zeros_like(wanted)
    return np.asarray(wanted * min(rate / cost, 1.0 / most), dtype=np.float64)


def build_pattern(view: ScopeView, p: int, proof: Array, search: Array) -> ShadowPattern:
    keys, params = view.values.keys, view.values.params
    v = int(view.picks[p])
    chance = float(proof[v]) if v >= 0 else 0.0
    own = ShadowChoice(keys[v], params[v], chance, 1.0) if chance > 0 else None
    others = tuple(
        ShadowChoice(keys[k], params[k], float(search[k])) for k in np.flatnonzero(search > 0)
    )
    return ShadowPattern(own, others)
