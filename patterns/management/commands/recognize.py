"""`manage.py recognize`: finds the patterns of interactions in JSONL, without a database."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any, TextIO

import msgspec
from django.core.management.base import BaseCommand, CommandError

from patterns.engine.domain.observation import Observation
from patterns.engine.grouping.free_text.embedders import EmbedderError
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.settings import RecognizerSettings

FIRST = 100  # interactions before the first consolidation


class Command(BaseCommand):
    help = "Find the recurring patterns in interactions (JSONL), without a database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", metavar="FILE", help="JSONL; stdin when none")
        parser.add_argument("--output", metavar="ARRIVALS", help="answers as decided on arrival")
        parser.add_argument("--final", metavar="FINAL", help="answers after consolidation")
        parser.add_argument(
            "--consolidate-every", type=int, metavar="N", help="default: at 100, 200, 400, …"
        )
        parser.add_argument(
            "--max-patterns", type=int, metavar="N", help="how many are kept at most"
        )
        parser.add_argument(
            "--seed", type=int, default=0, help="of what is drawn by chance; default 0"
        )
        parser.add_argument(
            "--embedder",
            choices=("lexical", "static"),
            default="lexical",
            help='how free text is compared; static needs the extra "static"',
        )

    def handle(self, *args: Any, **options: Any) -> None:
        settings = RecognizerSettings(embedder=options["embedder"])
        if options["max_patterns"]:
            settings = msgspec.structs.replace(settings, max_patterns=options["max_patterns"])
        try:
            recognizer = DefaultPatternRecognizer(settings, seed=options["seed"])
        except EmbedderError as error:
            raise CommandError(str(error)) from error
        run = Run(recognizer, options["consolidate_every"])
        with ExitStack() as stack:
            lines = _lines(options["files"], stack)
            run.learn(lines, _writer(options["output"], stack), keep=bool(options["final"]))
            if options["final"]:
                run.finish(_writer(options["final"], stack))
        self.stderr.write(json.dumps(run.summary()))


class Run:
    """One pass over a stream: its answers, its changes and its times."""

    def __init__(self, recognizer: DefaultPatternRecognizer, every: int | None) -> None:
        self.recognizer, self.every = recognizer, every
        self.kept: list[Observation] = []
        self.learn_seconds: list[float] = []
        self.match_seconds: list[float] = []
        self.due = FIRST
        self.created = self.merged = self.split = 0
        self.consolidate_seconds = 0.0
        self.started = time.perf_counter()

    def learn(self, observations: Iterable[Observation], out: TextIO | None, keep: bool) -> None:
        for number, observation in enumerate(observations, 1):
            before = time.perf_counter()
            match = self.recognizer.learn_one(observation)
            self.learn_seconds.append(time.perf_counter() - before)
            self.created += match.created
            _write(out, observation.id, match.pattern_id, match.confidence, created=match.created)
            if keep:
                self.kept.append(observation)
            if self._is_due(number):
                self.consolidate()

    def _is_due(self, number: int) -> bool:
        """Every N interactions, or by default each time their number has doubled."""
        if self.every is not None:
            return self.every > 0 and number % self.every == 0
        if number < self.due:
            return False
        self.due = 2 * number
        return True

    def consolidate(self) -> None:
        before = time.perf_counter()
        done = self.recognizer.consolidate()
        self.consolidate_seconds += time.perf_counter() - before
        self.merged += sum(change.kind == "merged" for change in done.changes)
        self.split += sum(change.kind == "split" for change in done.changes)

    def finish(self, out: TextIO | None) -> None:
        self.consolidate()
        for observation in self.kept:
            before = time.perf_counter()
            match = self.recognizer.match_one(observation)
            self.match_seconds.append(time.perf_counter() - before)
            identifier = match.pattern_id if match else None
            _write(out, observation.id, identifier, match.confidence if match else 0.0)

    def summary(self) -> dict[str, Any]:
        seconds = time.perf_counter() - self.started
        return {
            "interactions": len(self.learn_seconds),
            "patterns": len(self.recognizer),
            "created": self.created,
            "merged": self.merged,
            "split": self.split,
            "learn_ms": _percentiles(self.learn_seconds),
            "match_ms": _percentiles(self.match_seconds),
            "consolidate_s": round(self.consolidate_seconds, 3),
            "per_second": round(len(self.learn_seconds) / max(seconds, 1e-9), 1),
            "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }


def _lines(files: list[str], stack: ExitStack) -> Iterator[Observation]:
    sources: list[TextIO] = []
    try:
        sources = [stack.enter_context(open(name, encoding="utf-8")) for name in files]  # noqa: PTH123, SIM115
    except OSError as error:
        raise CommandError(f"Cannot read {error.filename}: {error.strerror}.") from error
    for source in sources or [sys.stdin]:
        for number, line in enumerate(source, 1):
            if line.strip():
                yield _observation(line, number)


def _observation(line: str, number: int) -> Observation:
    try:
        return observation_of(json.loads(line), number)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise CommandError(f"Line {number} is not an interaction: {error!r}") from error


def observation_of(item: dict[str, Any], number: int) -> Observation:
    """An interaction in the shape of the HTTP API."""
    metadata = item.get("metadata") or {}
    usage = metadata.get("resource_usage") or metadata.get("resourceUsage") or {}
    return Observation(
        id=str(item.get("id") or number),
        input=item["input"],
        timestamp=_seconds(metadata.get("timestamp")),
        output=item.get("output"),
        parameters=item.get("parameters") or {},
        model_id=item.get("model_id") or item.get("modelId") or "",
        task_type=item.get("task_type") or item.get("taskType") or "",
        duration=metadata.get("duration"),
        memory_usage=usage.get("memory_usage", usage.get("memoryUsage")),
        token_count=usage.get("token_count", usage.get("tokenCount")),
        processing_time=usage.get("processing_time", usage.get("processingTime")),
        success=item.get("success"),
        score=item.get("score"),
        tags=item.get("tags") or {},
    )


def _seconds(value: Any) -> float:
    if isinstance(value, int | float):
        return value / 1000
    return datetime.fromisoformat(value).timestamp() if value else 0.0


def _writer(name: str | None, stack: ExitStack) -> TextIO | None:
    return stack.enter_context(open(name, "w", encoding="utf-8")) if name else None  # noqa: PTH123


def _write(
    out: TextIO | None, identifier: str, pattern: str | None, confidence: float, **more: bool
) -> None:
    if out is not None:
        row = {"id": identifier, "pattern_id": pattern, "confidence": round(confidence, 4), **more}
        out.write(json.dumps(row) + "\n")


def _percentiles(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds) or [0.0]
    last = len(ordered) - 1
    return {
        f"p{q}": round(1000 * ordered[min(last, len(ordered) * q // 100)], 4) for q in (50, 95, 99)
    }
