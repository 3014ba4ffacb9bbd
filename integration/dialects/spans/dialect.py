"""What a dialect is: which spans it knows as model calls, and how it reads one."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from integration.dialects.calls import ToldCall
from integration.dialects.otlp.span import Span
from integration.dialects.spans.taken import Taken


class SpanKind(Enum):
    """MODEL: a call of a model. CONTEXT: an agent, chain, tool or wrapper around such calls."""

    MODEL = "model"
    CONTEXT = "context"


class SpanDialect(Protocol):
    """A module with these; several dialects may know the same span."""

    # What the names it reads begin with (`areas_of`): a span without any it need not look at.
    AREAS: frozenset[str]

    def kind_of(self, span: Span) -> SpanKind | None:
        """None: it does not say."""

    def read(self, span: Span, taken: Taken, call: ToldCall) -> None:
        """Fill in what the span tells in this dialect and the call does not know yet."""
