"""The kinds, one file each. A new kind is one file here and one line in `KINDS`."""

from __future__ import annotations

from optimizations.engine.kind import Kind
from optimizations.engine.kinds.prefix_order import PrefixOrder
from optimizations.engine.kinds.route_model import RouteModel
from optimizations.engine.kinds.timeout import Timeout
from optimizations.engine.kinds.tune_parameters import TuneParameters

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (RouteModel(), TuneParameters(), PrefixOrder(), Timeout())
}
