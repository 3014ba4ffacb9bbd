"""`with interaction(...) as call:` records what happens in the block."""

from __future__ import annotations

import contextvars
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from featurememory_client.capturing.recording_calls import begin_call, end_call
from featurememory_client.recording.call import Call, enter_call, leave_call


class Interaction(Call):
    """Also for `async with`. `id` names it from the start, for feedback later."""

    _token: contextvars.Token[Call | None] | None = None

    def __enter__(self) -> Interaction:
        self.restart_clock()
        self._token = enter_call(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._token is not None:
            leave_call(self._token)
        end_call(self, error)

    async def __aenter__(self) -> Interaction:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)


def interaction(
    *,
    task_type: str = "",
    model_id: str = "",
    input: Any = None,
    session_id: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
) -> Interaction:
    """The call made in a `with` block.

    >>> with interaction(task_type="support.reply", model_id="gpt-5-mini", input="Hello") as call:
    ...     call.output = "Hello!"
    """
    call = Interaction(task_type, model_id, session_id=session_id, parameters=parameters, tags=tags)
    begin_call(call, lambda: input)
    return call
