"""No request is answered 5xx, none takes a second; what fails is shown as short as it can be."""

from __future__ import annotations

import copy
import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.benchmarks.fuzzing.checks import Fuzzed
from tests.benchmarks.fuzzing.request_grammar import make_request
from tests.benchmarks.fuzzing.requests import BadRequest, Requester

SLOW_MS = 1000.0  # of processor time
SHRINK_TRIES = 150


def fuzz_requests(found: Fuzzed, requester: Requester, seed: int, length: int) -> None:
    r = random.Random(f"requests {seed}")
    for _ in range(length):
        given = make_request(requester, r)
        check(found, requester, given)
        found.count += 1


def check(found: Fuzzed, requester: Requester, given: BadRequest) -> None:
    began = time.process_time()
    place = try_request(requester, given)
    took = (time.process_time() - began) * 1000
    if place and place not in found.failures:
        found.fail(place, shrink(given, lambda one: try_request(requester, one) == place))
    elif place:
        found.fail(place, given)
    if took > SLOW_MS:
        times, most, slowest = found.slow.get(given.kind, (0, 0.0, None))
        worst = max((took, given), (most, slowest), key=lambda one: one[0])
        found.slow[given.kind] = times + 1, *worst


def try_request(requester: Requester, given: BadRequest) -> str:
    """Where it failed; empty when it was answered as it should."""
    with noting_errors() as errors:
        status = requester.send(given)
    if status < 500:
        return ""
    return f"{given.kind}: {given.method} {name_route(given.path)} {status} {errors[-1] if errors else ''}"


def name_route(path: str) -> str:
    return "/".join(
        part if len(part) < 20 and part.isidentifier() else "*" for part in path.split("/")
    )


@contextmanager
def noting_errors() -> Iterator[list[str]]:
    """What the product logs about an exception that it did not expect."""
    errors: list[str] = []

    class Note(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info and record.exc_info[1]:
                errors.append(describe(record.exc_info[1]))

    handler, loggers = Note(), [logging.getLogger(name) for name in ("featurememory", "django")]
    for one in loggers:
        one.addHandler(handler)
    try:
        yield errors
    finally:
        for one in loggers:
            one.removeHandler(handler)


def describe(error: BaseException) -> str:
    trace, where = error.__traceback__, "?"
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if any(
            f"/{app}/" in name
            for app in ("featurememory", "patterns", "optimizations", "integration")
        ):
            where = f"{name.rpartition('/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {where}"


def shrink(given: BadRequest, still_fails: Callable[[BadRequest], bool]) -> BadRequest:
    """The same failure with as little of body or query as a few tries find."""
    name = "body" if given.body else "query"
    tries, size = 0, len(getattr(given, name)) // 2
    while size and tries < SHRINK_TRIES:
        text, place = getattr(given, name), 0
        while place < len(text) and tries < SHRINK_TRIES:
            less = copy.copy(given)
            object.__setattr__(less, name, text[:place] + text[place + size :])
            tries += 1
            if still_fails(less):
                given, text = less, getattr(less, name)
            else:
                place += size
        size //= 2
    return given
