"""`wrap(client)`: the same client, recorded.

The class of the copy is made for it: a subclass of the client's own. So `isinstance` holds,
signatures and attributes are the SDK's, and what the SDK makes of it (`with_options`) is recorded
too. The client that was given stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from featurememory_client.runtime import report
from featurememory_client.wrapping.recorded_clients import (
    make_async_client_class,
    make_client_class,
)
from featurememory_client.wrapping.wishes import Wishes

T = TypeVar("T")
MakeClass = Callable[[Any, Wishes], type]

# The base classes of every SDK made with Stainless: others than OpenAI's and Anthropic's that speak
# the same endpoints (Groq, Together, …) have them too.
MAKERS: dict[str, MakeClass] = {
    "SyncAPIClient": make_client_class,
    "AsyncAPIClient": make_async_client_class,
}


def wrap(
    client: T,
    *,
    task_type: str = "",
    prepare: bool = False,
    models: Sequence[str] | None = None,
) -> T:
    """Record the calls of an OpenAI or Anthropic client; with `prepare`, ask before each of them.

    `models` limits what `prepare` may choose. Other objects come back as they are.

    >>> client = wrap(OpenAI(), prepare=True, task_type="support.reply")
    """
    make_class = find_maker(type(client))
    if make_class is None:
        return client
    try:
        wishes = Wishes(task_type, prepare, tuple(models) if models else None)
        recorded: T = make_recorded(client, make_class, wishes)
        return recorded
    except Exception as error:
        report(error)
        return client


def find_maker(kind: type) -> MakeClass | None:
    names = [base.__name__ for base in kind.__mro__]
    return next((maker for name, maker in MAKERS.items() if name in names), None)


def make_recorded(client: Any, make_class: MakeClass, wishes: Wishes) -> Any:
    base: Any = type(client)
    before = getattr(client, "feature_memory_wishes", None)
    if before == wishes or (before is not None and wishes == Wishes()):
        return client
    if before is not None:
        base = base.__base__
    copy = client.copy()  # shares the connections, and none of the resources made so far
    copy.__class__ = make_class(base, wishes)
    copy.feature_memory_original = client  # some close what they share when they are collected
    return copy
