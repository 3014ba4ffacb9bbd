"""How good the uses of a pattern were, lately and in all."""

from __future__ import annotations

from typing import Protocol

PRIOR_QUALITY, PRIOR_WEIGHT = 0.5, 2.0  # effectiveness is shrunk by two imagined middling uses
DRIFT_FROM = 100  # judged uses before a pattern can drift
RECENT = 0.05  # weight of the newest use in the moving share of good ones
_LEAST_DROP, _SPREADS = 0.1, 4  # how far the newest uses must fall to be called worse


class JudgedUses(Protocol):
    """The sum and number of qualities (0 to 1 each), and the moving mean of the newest."""

    quality_sum: float
    quality_count: int
    recent_quality: float


def estimate_effectiveness(uses: JudgedUses) -> float | None:
    """The mean quality, shrunk to 0.5 by two imagined uses; None when no use told its quality."""
    if not uses.quality_count:
        return None
    total = uses.quality_sum + PRIOR_QUALITY * PRIOR_WEIGHT
    return total / (uses.quality_count + PRIOR_WEIGHT)


def is_drifting(uses: JudgedUses) -> bool:
    """Whether the newest uses are clearly worse than all.

    An EWMA control chart (Roberts 1959) four standard deviations wide, and at least a tenth.
    """
    if uses.quality_count < DRIFT_FROM:
        return False
    usual = min(1.0, max(0.0, uses.quality_sum / uses.quality_count))
    spread = (usual * (1 - usual) * RECENT / (2 - RECENT)) ** 0.5
    return bool(uses.recent_quality < usual - max(_LEAST_DROP, _SPREADS * spread))


def note_quality(uses: JudgedUses, quality: float | None) -> None:
    """Counts one use; None is unknown and says nothing."""
    if quality is None:
        return
    uses.quality_sum += quality
    uses.quality_count += 1
    uses.recent_quality += RECENT * (quality - uses.recent_quality)


def absorb_quality(uses: JudgedUses, other: JudgedUses, share: float) -> None:
    """Takes over that share of another pattern's judged uses."""
    judged = round(other.quality_count * share)
    if not judged:
        return
    # How it goes lately: by how much each of the two has been judged.
    weight = judged / (uses.quality_count + judged)
    uses.recent_quality += weight * (other.recent_quality - uses.recent_quality)
    # The sum of as many as are counted, or the mean would leave 0 to 1 with the rounding.
    uses.quality_sum += other.quality_sum * judged / other.quality_count
    uses.quality_count += judged


def correct_quality(uses: JudgedUses, quality: float, count: int) -> None:
    """Late feedback on uses that were counted: what it adds to the sum and to the judged uses.

    How it goes lately follows as if the uses had just come: `count` steps towards their mean.
    """
    uses.quality_sum += quality
    uses.quality_count = max(0, uses.quality_count + count)
    if count > 0:
        mean = min(1.0, max(0.0, quality / count))
        uses.recent_quality += (1 - (1 - RECENT) ** count) * (mean - uses.recent_quality)
    else:
        uses.recent_quality = min(1.0, max(0.0, uses.recent_quality + RECENT * quality))
