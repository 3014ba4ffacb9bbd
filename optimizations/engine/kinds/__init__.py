"""The kinds, one file each. A new kind is one file here and one line below.

`KINDS` have to prove themselves in a trial, `CACHES` answer without running the task; a
`TokenBudget` follows from a measured quantile and holds its own state.
"""

from __future__ import annotations

from optimizations.engine.kinds.cache_response import CacheResponse
from optimizations.engine.kinds.cache_similar import CacheSimilar
from optimizations.engine.kinds.prefix_order import PrefixOrder
from optimizations.engine.kinds.protocol import CacheKind, Kind
from optimizations.engine.kinds.route_model import RouteModel
from optimizations.engine.kinds.timeout import Timeout
from optimizations.engine.kinds.tune_parameters import TuneParameters

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (RouteModel(), TuneParameters(), PrefixOrder(), Timeout())
}
CACHES: tuple[CacheKind, ...] = (CacheResponse(), CacheSimilar())
