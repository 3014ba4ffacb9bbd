"""The running tests of one optimization: does it help, does it harm, has it changed, is it gamed?"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from optimizations.engine.domain.task import Json
from optimizations.engine.health.arm_sessions import ArmSessions
from optimizations.engine.health.missing_outcomes import MissingOutcomes
from optimizations.engine.health.month_effects import MonthEffects
from optimizations.engine.shadows.pair_tests import PairTests
from optimizations.engine.statistics.arrays import Array
from optimizations.engine.statistics.betting import BETS, GRID, BoundedMean
from optimizations.engine.statistics.change_detection import FallDetector, even_wealth
from optimizations.engine.statistics.effect_scores import Score
from optimizations.engine.statistics.error_rate import ErrorRate
from optimizations.engine.statistics.sample_ratio import ALARM, ARRIVED_ALARM, SampleRatio
from optimizations.engine.trials.output_guards import Latency, OutputVariety

KNOWN_LATENCY = 30  # durations of the control before an answer counts as slow


class HarmWatch(msgspec.Struct):
    """Watches what is active: bets that it has begun to harm, restarted when lost (e-CUSUM)."""

    falls: FallDetector
    quality: Array
    utility: Array

    @classmethod
    def fresh(cls) -> HarmWatch:
        return cls(FallDetector.fresh(), np.zeros(len(BETS)), np.zeros(len(BETS)))

    def update(self, quality: Score, utility: Score, tolerance: float) -> None:
        self.quality = _restart_bets(self.quality, quality, -tolerance)
        self.utility = _restart_bets(self.utility, utility, 0.0)

    @property
    def loudest(self) -> float:
        return max(even_wealth(self.quality), even_wealth(self.utility))

    def reset(self) -> None:
        self.falls.reset()
        self.quality, self.utility = np.zeros(len(BETS)), np.zeros(len(BETS))


def _restart_bets(bets: Array, score: Score, theta: float) -> Array:
    gain = (theta - score.value) / max(score.high - theta, 1e-3)
    return np.asarray(
        np.maximum(bets, 0.0) + np.log1p(np.maximum(gain * BETS, -0.999)), dtype=np.float64
    )


class AlarmTests(msgspec.Struct):
    """Evidence since an alarm, while half is held out: fresh tests."""

    quality: BoundedMean
    utility: BoundedMean

    @classmethod
    def fresh(cls) -> AlarmTests:
        return cls(BoundedMean.over(GRID), BoundedMean.over(GRID))


class WatchedRatio(msgspec.Struct, frozen=True):
    """One of the ratios by which the arms of an optimization have to be in balance."""

    what: str
    ratio: SampleRatio
    alarm: float  # e-value

    @property
    def is_off(self) -> bool:
        return self.ratio.is_off(self.alarm)

    @property
    def text(self) -> str:
        treated, n = self.ratio.treated, self.ratio.treated + self.ratio.control
        return f"{treated:,} of {n:,} {self.what} are treated, {self.ratio.expected:,.0f} were expected"


class TrialTests(msgspec.Struct):
    """Everything that is being tested about one optimization. `second` tests the other signal.

    `believed` is what the last review believed of its effect on quality and on utility in each
    pattern ("": in all others): the bets on what comes next may follow it, since it was fixed before.
    `arrived` and `judged` watch whether outcomes, and those with a quality, come as they were assigned,
    `missing` those that never came, `arms` the sessions, `months` what it does since it is active.
    """

    utility: BoundedMean
    quality: BoundedMean
    second: BoundedMean
    watch: HarmWatch
    suspicion: AlarmTests | None = None
    treated_output: OutputVariety = msgspec.field(default_factory=OutputVariety)
    control_output: OutputVariety = msgspec.field(default_factory=OutputVariety)
    treated_latency: Latency = msgspec.field(default_factory=Latency)
    control_latency: Latency = msgspec.field(default_factory=Latency)
    n_treated: int = 0
    n_control: int = 0
    believed: dict[str, tuple[float, float]] = msgspec.field(default_factory=dict)
    pairs: PairTests | None = None
    arrived: SampleRatio = msgspec.field(default_factory=SampleRatio)
    judged: SampleRatio = msgspec.field(default_factory=SampleRatio)
    slow: ErrorRate = msgspec.field(default_factory=ErrorRate)  # answers beyond the control's p95
    missing: MissingOutcomes = msgspec.field(default_factory=MissingOutcomes)
    arms: ArmSessions = msgspec.field(default_factory=ArmSessions)
    months: MonthEffects = msgspec.field(default_factory=MonthEffects)

    @classmethod
    def fresh(cls) -> TrialTests:
        quality, utility, second = (BoundedMean.over(GRID) for _ in range(3))
        return cls(utility, quality, second, HarmWatch.fresh())

    def start_again(self) -> TrialTests:
        """Fresh tests that remember what it did while it was active."""
        made = TrialTests.fresh()
        made.months = self.months
        return made

    def update(self, quality: Score, utility: Score, treated: bool, pattern: str = "") -> None:
        better, worth = self._believed_effect(pattern)
        self.quality.update(quality, better)
        self.utility.update(utility, worth)
        self.n_treated += treated
        self.n_control += not treated
        if self.suspicion is not None:
            self.suspicion.quality.update(quality)
            self.suspicion.utility.update(utility)

    def update_second(self, score: Score, pattern: str = "") -> None:
        self.second.update(score, self._believed_effect(pattern)[0])

    def _believed_effect(self, pattern: str) -> tuple[float, float] | tuple[None, None]:
        return self.believed.get(pattern) or self.believed.get("") or (None, None)

    def start_alarm_tests(self) -> None:
        """After an alarm: fresh tests that only see what comes now."""
        self.suspicion = AlarmTests.fresh()

    def end_alarm_tests(self) -> None:
        self.suspicion = None
        self.watch.reset()

    def note_output(
        self, output: Json, duration: float | None, treated: bool, latency_factor: float = 3.0
    ) -> None:
        """`latency_factor` times the control's p95, as it was before, is slow."""
        (self.treated_output if treated else self.control_output).add(output)
        if duration is not None:
            if treated and len(self.control_latency.last) >= KNOWN_LATENCY:
                self.slow.add(duration > latency_factor * self.control_latency.p95)
            (self.treated_latency if treated else self.control_latency).add(duration)

    def find_imbalance(self) -> str:
        """Which outcomes do not come in the ratio in which requests were assigned, or ""."""
        return next((one.text for one in self.list_ratios() if one.is_off), "")

    def list_ratios(self) -> tuple[WatchedRatio, ...]:
        return (
            WatchedRatio("outcomes", self.arrived, ARRIVED_ALARM),
            WatchedRatio("judged outcomes", self.judged, ALARM),
            WatchedRatio("outcomes that never came", self.missing.missed, ALARM),
        )

    def find_gaming(self) -> str:
        """Why the quality signal is not believed, or ""."""
        a, b = self.treated_output, self.control_output
        if min(a.n, b.n) < 30:
            return ""
        if a.distinct < 0.25 * b.distinct:
            return "its answers hardly differ from each other"
        if a.mean_length < 0.1 * b.mean_length and self.quality.mean > 0:
            return "its answers are a tenth as long and judged better"
        return ""

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(self, enc_hook=_encode)

    @classmethod
    def from_bytes(cls, data: bytes) -> TrialTests:
        return msgspec.msgpack.decode(data, type=cls, dec_hook=_decode)


def _encode(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [list(value.shape), value.astype("<f8").tobytes()]
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(type(value))


def _decode(kind: Any, value: Any) -> Any:
    shape, raw = value
    return np.frombuffer(raw, "<f8").reshape(shape).copy()
