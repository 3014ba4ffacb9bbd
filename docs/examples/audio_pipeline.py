"""A generator of sounds with two parameters, steps and guidance, and what each call takes in memory.

    PYTHONPATH=. python docs/examples/audio_pipeline.py --tasks 3000

Built like the generators of music and speech: noise is turned into a sound step by step, `guidance`
says how hard each step pulls towards what was asked for. More steps sound better, take longer and
more memory; too much guidance distorts. The memory learns which steps are enough for a short jingle
and a long drone, and forecasts time and memory of a call. No model and no download: numpy alone.
"""

from __future__ import annotations

import argparse
import random
import time
import tracemalloc
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from integration.in_process import learn_and_review, open_memory

RATE = 8_000  # samples a second
KINDS = {"sound.jingle": (0.1, 3), "sound.drone": (0.5, 8)}  # seconds, number of tones
STEPS, GUIDANCE = [4, 8, 16, 32], [0.5, 1.0, 2.0]
USUAL = {"steps": 32, "guidance": 1.0}
EUR_PER_CPU_S = 0.04 / 3600
EVERY = 200


def make_sound(
    tones: list[float], seconds: float, steps: int, guidance: float
) -> tuple[Any, float]:
    """Denoise step by step; the sound and how near it came to what was asked, from 0 to 1."""
    noise = np.random.default_rng(round(sum(tones)))
    when = np.arange(int(RATE * seconds)) / RATE
    wanted = np.fft.rfft(sum(np.sin(2 * np.pi * tone * when) for tone in tones))
    shape = np.abs(wanted) / np.abs(wanted).max()
    made = noise.normal(size=when.size)
    kept = []  # as generators do, which show their progress
    for step in range(steps):
        spectrum = np.fft.rfft(made)
        pull = min(1.0, guidance * 4 / (steps - step + 4))
        made = np.fft.irfft(spectrum * (1 - pull * (1 - shape)) + pull * 0.1 * wanted, when.size)
        kept.append(made.copy())
    found = np.fft.rfft(made)
    alike = np.abs(np.vdot(found, wanted)) / (np.linalg.norm(found) * np.linalg.norm(wanted) + 1e-9)
    return made, float(alike) - max(0.0, guidance - 1.0) * 0.3  # an overdriven sound is no good one


def generate(task: Any) -> Any:
    """The model of the example: a sound, what it cost, the memory it took at most, its score."""
    from integration.execution.reply import Reply

    asked = {**USUAL, **task.parameters}
    tracemalloc.start()
    began = time.thread_time()
    sound, score = make_sound(
        task.input["tones"], task.input["seconds"], asked["steps"], asked["guidance"]
    )
    cost = (time.thread_time() - began) * EUR_PER_CPU_S
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    good = max(0.0, min(1.0, score))
    return Reply(
        {"samples": sound.size}, cost=cost, memory_usage=memory, success=good > 0.7, score=good
    )


def run(project: Any, count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Handle so many tasks; per kind the forecast of each call and what it took."""
    from integration.orchestrator import ModelOrchestrator
    from integration.registry import ModelRegistry
    from optimizations.engine.domain.task import Task
    from optimizations.model_catalog import Registration

    registry, dice, seen = ModelRegistry(), random.Random(seed), []
    memory: list[float] = []

    def model(task: Task) -> Any:
        reply = generate(task)
        memory.append(reply.memory_usage)
        return reply

    registry.register("sound-1", model)
    orchestrator = ModelOrchestrator(project, registry)
    tunable = {"steps": STEPS, "guidance": GUIDANCE}
    card = Registration(
        "sound-1", [], {"tunable": tunable}, True, {"per_call": EUR_PER_CPU_S / 100}
    )
    orchestrator.manager.register(card)
    for number in range(1, count + 1):
        kind = dice.choice(list(KINDS))
        seconds, tones = KINDS[kind]
        chosen = [dice.choice(range(100, 2000, 50)) for _ in range(tones)]
        asked = {"tones": chosen, "seconds": round(seconds * dice.uniform(0.6, 1.4), 3)}
        task = Task(model_id="sound-1", task_type=kind, input=asked, parameters=dict(USUAL))
        done = orchestrator.handle_task(task)
        figures = {"duration": done.duration, "memory_usage": memory[-1]}
        seen.append({"kind": kind, "result": done, "steps": done.parameters["steps"], **figures})
        if number % EVERY == 0:
            learn_and_review(project)
    learn_and_review(project)
    return seen


def report(seen: list[dict[str, Any]]) -> None:
    """Steps that are used by now, and how well time and memory were foreseen."""
    for kind in KINDS:
        calls = [one for one in seen if one["kind"] == kind]
        some = min(300, len(calls) // 2)
        first, last = (
            sum(one["steps"] for one in part) / some for part in (calls[:some], calls[-some:])
        )
        print(f"{kind}: {first:.1f} steps in the first {some} calls, {last:.1f} in the last {some}")
        ends = calls[-1]["result"].forecast
        if {"duration", "memory_usage"} <= ends.keys():
            low, high = (end / 1e6 for end in ends["memory_usage"])
            fast, slow = ends["duration"]
            print(
                f"  a call takes {low:.2f} to {high:.2f} MB and {fast:.1f} to {slow:.1f} ms (90 %)"
            )
    for name in ("duration", "memory_usage"):
        held = [holds(one, name) for one in seen if name in one["result"].forecast]
        if held:
            print(f"{name} as forecast in {100 * sum(held) / len(held):.0f} % of {len(held)} calls")


def holds(one: dict[str, Any], name: str) -> bool:
    low, high = one["result"].forecast[name]
    return bool(low <= one[name] <= high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=3000)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="feature-memory-") as folder:
        report(run(open_memory(folder, "sounds"), options.tasks))


if __name__ == "__main__":
    main()
