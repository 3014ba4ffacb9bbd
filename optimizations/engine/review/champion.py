"""What the trial that follows the best known choice would serve in each pattern."""

from __future__ import annotations

import json

import numpy as np

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.optimization_ids import value_key
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import CONTROL
from optimizations.engine.review import verdicts
from optimizations.engine.review.judge import SERVED_LEAST
from optimizations.engine.review.knapsack import UNCHANGED, Picks, choose_values, expected_loss
from optimizations.engine.review.scope_view import ScopeView
from optimizations.engine.review.transition_log import TransitionLog
from optimizations.engine.trials.trial import Trial

# Of the quality budget, what may be lost by estimate, and the standard deviations of care beside that.
CAREFUL = {"shadow": (0.0, 0.15), "active": (0.4, 0.2), "single": (1.0, 0.25)}
OPTIMISM = (1.3, 0.4)  # standard deviations: of one value, least with several
CURIOSITY = 1.0  # standard deviations by which settings that are active may hope for more
# Standard deviations by which a pattern may be farther from the margin than is believed, to be tried live:
# what looks bad after a few requests gets no others, and so looks bad for ever.
PROVABLE = 1.0


def choose_champion(view: ScopeView, settings: PolicySettings, steps: TransitionLog) -> None:
    """Sets the view's picks, and the choice of its chooser where that may change now."""
    chooser = view.chooser
    if chooser is None:
        return
    state, before = chooser.state, view.used_by(chooser)
    if state.pinned and not state.tailored:  # a person decided
        own = view.values.keys.index(value_key(state.params))
        view.picks = np.full(len(view.traffic), own)
        return
    if state.alarm:  # stays as it is until that is decided
        view.picks = before
        return
    picks, view.price = pick_values(view, state, before, settings)
    view.doubted = float(view.traffic[picks >= 0].sum()) < SERVED_LEAST
    if view.doubted and state.status == "active":
        view.picks = before  # not given up on belief alone: the alarm puts it to the test
        return
    view.picks = picks
    if note_choice(view, state):
        steps.touched[state.id] = None


def pick_values(
    view: ScopeView, state: OptimizationState, before: Picks, settings: PolicySettings
) -> tuple[Picks, float]:
    """The best known value of each pattern, and the price of quality."""
    active = state.status == "active"
    if view.offline:
        care = CAREFUL["active" if active else "shadow"]
        picks, price = pick_carefully(view, before, settings, care)
        return picks if active else keep_provable(view, picks, settings.quality_margin), price
    if is_single_model(view) and active:
        return pick_carefully(view, before, settings, CAREFUL["single"])
    return pick_hopefully(view, state, before, settings)


def pick_carefully(
    view: ScopeView, before: Picks, settings: PolicySettings, care: tuple[float, float]
) -> tuple[Picks, float]:
    """What all picks together lose has to be within the limit by a careful estimate: the best of many looks
    better than it is, and so does what was just proven; and "not worse than the margin" is proven four
    times as fast for a choice that loses nothing as for one that loses half of it."""
    reserve, deviations = care
    allowed = reserve * settings.quality_budget
    post, traffic, fits = view.post, view.traffic, view.values.fits
    picks, price = choose_values(post, traffic, fits, allowed, before)
    for _ in range(2):
        doubt = deviations * total_doubt(view, picks)
        picks, price = choose_values(post, traffic, fits, allowed - doubt, before)
    return picks, price


def pick_hopefully(
    view: ScopeView, state: OptimizationState, before: Picks, settings: PolicySettings
) -> tuple[Picks, float]:
    """What may well be the best, while the expected loss of all picks is within the quality budget."""
    post, traffic, fits = view.post, view.traffic, view.values.fits
    allowed, hope = verdicts.ACTIVE_RESERVE * settings.quality_budget, optimism(view, state)
    picks, price = choose_values(post, traffic, fits, allowed, before, hope)
    if state.status == "active" and expected_loss(post, traffic, picks) > allowed:
        picks, price = choose_values(post, traffic, fits, allowed, before)
    if is_single_model(view) and hope > 0:
        first = keep_provable(view, picks, settings.quality_margin, PROVABLE)
        picks = first if (first >= 0).any() else picks  # a trial of what is worse has to end
    return picks, price


def is_single_model(view: ScopeView) -> bool:
    return view.alone and view.scope.kind == "route_model"


def settle_picks(view: ScopeView, trial: Trial, settings: PolicySettings) -> Picks:
    """What a trial would serve once it is active. Of a single model that is the best that is known within
    the quality budget: a choice too large for it is no reason to serve none of it."""
    tried = trial.state.status == "trial" and not trial.state.pinned
    if trial is view.chooser and tried and is_single_model(view):
        return pick_carefully(view, view.picks, settings, CAREFUL["single"])[0]
    return view.used_by(trial)


def keep_provable(view: ScopeView, picks: Picks, margin: float, hope: float = 0.0) -> Picks:
    """The patterns that are to be proven first: those that end the proof soonest.

    Pairs come as the share w of the traffic, and each says as much as the square of its distance g to the
    margin, so that a proof takes about as long as 1 / (w g²) for all of them together. A pattern whose
    answers are as good or better ends in a few dozen pairs; one that just keeps the margin would double
    the time for all. Once active the choice follows what is known of all patterns. `hope` adds that many
    standard deviations to the distance.
    """
    rows = np.flatnonzero(picks >= 0)
    mean, sd = view.post.mean[rows, picks[rows]], view.post.sd[rows, picks[rows]]
    far = mean + hope * sd + margin
    order = np.argsort(-far, kind="stable")
    weights = view.traffic[rows][order]
    speed = np.cumsum(weights * far[order]) ** 2 / np.maximum(1e-9, np.cumsum(weights))
    kept = np.full_like(picks, UNCHANGED)
    if len(rows) and far[order[0]] > 0:
        first = rows[order[: int(speed.argmax()) + 1]]
        kept[first] = picks[first]
    return kept


def total_doubt(view: ScopeView, picks: Picks) -> float:
    """Standard deviation of the quality that the picks together change, over all traffic."""
    rows = np.flatnonzero(picks >= 0)
    return float((view.post.quality[:, rows, picks[rows]] @ view.traffic[rows]).std())


def optimism(view: ScopeView, state: OptimizationState) -> float:
    """Standard deviations by which more may be hoped for than is believed: in a trial, and where settings
    are active (upper confidence bounds: Auer, JMLR 3 (2002)). What was explored before a choice became
    active is little for so many settings, and what serves most of the traffic is the quickest way to learn
    which are better still; the expected loss of all of them together stays within the quality budget.
    """
    if state.confirming:
        return 0.0
    if state.status == "active":
        return CURIOSITY if view.scope.kind == "tune_parameters" and not view.alone else 0.0
    return max(OPTIMISM[1], OPTIMISM[0] / len(view.values.keys))


def note_choice(view: ScopeView, state: OptimizationState) -> bool:
    """Writes the picks into the state, for the engine and for people; whether they changed."""
    keys, names = [*view.values.keys, CONTROL], [*view.patterns, ""]
    choice = {name: keys[int(v)] for name, v in zip(names, view.picks, strict=True)}
    changed = choice != state.choice
    state.choice = choice
    served = [p for p in view.patterns if choice[p] != CONTROL]
    everywhere = choice[""] != CONTROL or not served
    state.patterns = () if everywhere else tuple(sorted(served))
    state.pattern_id = served[0] if len(served) == 1 and not everywhere else ""
    if state.tailored:
        state.params = {"by_pattern": {p: json.loads(choice[p]) for p in served}}
    return changed
