"""The demo project: sixty days of a help desk and a document pipeline, learned like any other traffic.

The first days are only observed. After them each task is prepared first, so that proposals, trials, proofs
and the rollback come from the engine itself. The badge "Demo" marks the traffic as generated.
"""

from integration.demo.loading import create_demo, load_demo, run_demo_steps
from integration.demo.removal import remove_demo

__all__ = ["create_demo", "load_demo", "remove_demo", "run_demo_steps"]
