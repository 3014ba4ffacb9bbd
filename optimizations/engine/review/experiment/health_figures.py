"""The health of an experiment as plain figures, for pages and the API."""

from __future__ import annotations

from collections.abc import Sequence

from optimizations.engine.domain.task import Json
from optimizations.engine.health.arm_sessions import ArmSessions
from optimizations.engine.health.missing_outcomes import BOUNDS, ArmDelays, MissingOutcomes
from optimizations.engine.health.month_effects import MonthEffect, MonthEffects
from optimizations.engine.trials.trial_tests import TrialTests, WatchedRatio

MOST_SHOWN = 1e9


def summarize_health(tests: TrialTests, waited: float) -> dict[str, Json]:
    """`waited`: seconds after which an outcome counts as missing."""
    return {
        "sessions": summarize_sessions(tests.arms),
        "outcomes": summarize_outcomes(tests.missing, waited),
        "balance": [summarize_ratio(one) for one in tests.list_ratios()],
        "since_activation": summarize_months(tests.months),
    }


def summarize_sessions(arms: ArmSessions) -> dict[str, Json]:
    counts = {"n": arms.sessions, "returned": arms.returned, "crossed": arms.crossed}
    return {**counts, "share": arms.share, "warn": arms.is_much}


def summarize_outcomes(missing: MissingOutcomes, waited: float) -> dict[str, Json]:
    treated, control = missing.count_missing()
    return {
        "waited_s": waited,
        "bounds_s": list(BOUNDS),
        "treatment": summarize_arm(missing.treated, treated),
        "holdout": summarize_arm(missing.control, control),
        "warn": missing.is_much,
        "differs": missing.missed.is_off(),
    }


def summarize_arm(delays: ArmDelays, missing: int) -> dict[str, Json]:
    """`delays` are counts by the class of `bounds_s`, the last one for longer ones."""
    known = delays.n + missing
    return {
        "came": delays.n,
        "missing": missing,
        "late": delays.late,
        "share": missing / known if known else None,
        "delays": list(delays.counts),
        "within_s": delays.quantile(0.95),
    }


def summarize_ratio(watched: WatchedRatio) -> dict[str, Json]:
    ratio = watched.ratio
    return {
        "what": watched.what,
        "treatment": ratio.treated,
        "holdout": ratio.control,
        "expected": ratio.expected,
        "e_value": min(MOST_SHOWN, ratio.highest),
        "off": watched.is_off,
        "text": watched.text,
    }


def summarize_months(effects: MonthEffects) -> dict[str, Json]:
    """Each month alone, and in `total` all of them together until its end."""
    whole, rows = MonthEffect(""), []
    for month in effects.months:
        whole.join(month)
        rows.append(
            {"month": month.month, **describe_effect(month), "total": describe_effect(whole)}
        )
    promised = effects.promised
    return {
        "promised": {"quality": promised[0], "utility": promised[1]} if promised else None,
        "total": describe_effect(whole) if whole.n else None,
        "months": rows,
    }


def describe_effect(effect: MonthEffect) -> dict[str, Json]:
    """`gained`: good answers (or points of a score) more than the holdout would have given."""
    quality = effect.quality.interval(effect.n)
    return {
        "n": {"treatment": effect.treated, "holdout": effect.control},
        "quality": name_ends(quality),
        "utility": name_ends(effect.utility.interval(effect.n)),
        "gained": name_ends([effect.treated * value for value in quality]),
    }


def name_ends(interval: Sequence[float]) -> dict[str, Json]:
    return dict(zip(("point", "low", "high"), interval, strict=True))
