"""What became of a pair that the engine was shown."""

from __future__ import annotations

from typing import Literal, TypeAlias

# unknown: no decision wished for it. waiting: it cannot be compared yet. open: it differs, and counts
# as the worst that is possible until somebody judges it. agreed, scored: it is counted.
PairState: TypeAlias = Literal["unknown", "waiting", "open", "agreed", "scored"]
