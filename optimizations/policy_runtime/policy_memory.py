"""What the policies of this process hold in memory."""

from __future__ import annotations

from featurememory.process.deep_size import estimate_bytes
from optimizations.policy_runtime.policy_cache import policies


def measure_policies() -> int:
    """Bytes of the engines of all projects, and what they have counted since they were saved."""
    total = 0
    for kept in policies.list_entries():
        with kept.lock:
            total += estimate_bytes(kept.engine, kept.counted, kept.paired, kept.arms)
    return total
