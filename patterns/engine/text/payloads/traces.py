"""Stack traces of Python, Java, JavaScript, Go and Rust."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from patterns.engine.text.payloads.line_spans import Span

_TRACE = re.compile(
    r"\s{0,12}(?:at\s[\w.$<>/]{1,200}\s?\(|File \"[^\"]{1,300}\", line \d|Traceback \(most recent|"
    r"Caused by:|\.\.\. \d{1,5} more|goroutine \d|\d{1,3}: 0x[0-9a-f]|panic: |"
    r"(?:[\w/]{1,80}+\.|\(\*?\w{1,60}+\)\.){1,8}+\w{1,60}+\((?:0x[0-9a-f]|\.\.\.)|"
    r"\S{1,200}:\d{1,6}(?: \+0x[0-9a-f]{1,16})?$|"
    r"(?:[\w$]{1,60}\.){0,12}[A-Z]\w{0,60}(?:Error|Exception)\b(?::|$))"
)
# "Exception in thread main …", "net.timeouts.Expired: 30 s": a name, alone or before what it says
_THROWN = re.compile(
    r"(?:Exception|Error|Fatal|Unhandled)\b.|(?:[\w$]{1,60}\.){0,12}[A-Z]\w{0,60}(?::\s|$)"
)


def find_traces(lines: Sequence[str]) -> Iterator[Span]:
    """A stack trace with its message, which stands before the first frame or behind the last."""
    frames = [number for number, line in enumerate(lines) if _TRACE.match(line)]
    if len(frames) >= 2:
        first, last = frames[0], frames[-1]
        if first and _THROWN.match(lines[first - 1]):
            first -= 1
        if last + 1 < len(lines) and _THROWN.match(lines[last + 1]):
            last += 1
        yield first, last, "trace"
