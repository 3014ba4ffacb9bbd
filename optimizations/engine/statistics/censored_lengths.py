"""The distribution of answer lengths when some were cut off: the share longer than a length.

Kaplan & Meier, "Nonparametric estimation from incomplete observations", JASA 53 (1958): an answer
that was cut off counts as longer than its limit, no more and no less. The next answer is one more
of which nothing is known, so that without cut ones the limit is the conformal one: with the
⌈(n+1)q⌉-th smallest of n exchangeable lengths the next is longer with probability at most 1 − q
(Vovk et al. 2005; Lei et al., JASA 113 (2018)).
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

KEPT = 2000  # last lengths of a group
TAIL = 0.1  # the share of longest answers that shows how the tail falls
DOUBT = 10  # so many answers' worth of belief that it falls as slowly as 1/length


class Curve(msgspec.Struct, frozen=True):
    """`longer[k]`: the share of answers that are longer than `lengths[k]`; ascending lengths.

    `longest` is the longest that was seen, cut off or not.
    """

    lengths: npt.NDArray[np.float64]
    longer: npt.NDArray[np.float64]
    longest: float = 0.0

    def limit(self, share: float, decay: float) -> float | None:
        """The length that `share` of the answers exceed.

        Where too few are known, or too many were cut off, the tail is carried on from the longest:
        the share falls as length to the power −1/`decay` (Weissman, JASA 73, 1978).
        With `decay` 1 that is enough for every tail that falls at least as fast as 1/length.
        """
        if not len(self.lengths):
            return None
        if self.longer[-1] > share:
            return float(self.longest * (self.longer[-1] / share) ** decay)
        at = int(np.argmax(self.longer <= share))
        if at == 0:
            return float(self.lengths[0])
        logs = np.log(self.longer[at - 1 : at + 1])
        part = float((logs[0] - math.log(share)) / (logs[0] - logs[1]))
        return float(self.lengths[at - 1] + part * (self.lengths[at] - self.lengths[at - 1]))

    def decay(self) -> float:
        """How the tail falls (Hill, Annals of Statistics 3, 1975), 1 while little is known."""
        start = min(int(np.searchsorted(-self.longer, -TAIL)), len(self.lengths) - 2)
        if start < 0:
            return 1.0
        logs, longer = np.log(np.maximum(1.0, self.lengths[start:])), self.longer[start:]
        n, lost = len(logs) - 1, longer[0] - longer[-1]
        slope = float((longer[:-1] * np.diff(logs)).sum() / lost)
        return min(1.0, (n * slope + DOUBT) / (n + DOUBT))


class AnswerLengths(msgspec.Struct):
    """The last lengths of one group. A negative one was cut off there."""

    last: list[float] = msgspec.field(default_factory=list)
    seen: int = 0

    def add(self, length: float, cut: bool = False) -> None:
        self.seen += 1
        self.last.append(-length if cut else length)
        if len(self.last) > KEPT:
            del self.last[: KEPT // 10]

    def curve(self) -> Curve:
        noted = np.array(self.last)
        cut = np.signbit(noted)
        order = np.lexsort((cut, np.abs(noted)))
        lengths, cut = np.abs(noted)[order], cut[order]
        waiting = 1.0 + np.arange(len(lengths), 0, -1)
        longer = np.cumprod(np.where(cut, 1.0, 1.0 - 1.0 / waiting))
        return Curve(lengths[~cut], longer[~cut], float(lengths.max(initial=0.0)))
