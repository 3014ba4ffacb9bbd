"""The beginning and the end of a call, such that neither ever raises into the caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from featurememory_client import runtime
from featurememory_client.recording.call import Call


def begin_call(call: Call, read_input: Callable[[], Any]) -> None:
    """Keep its input as it is now, and start the clock."""
    try:
        if runtime.get_client() is not None:
            call.origin = runtime.get_process()
            call.input = read_input()
            call.restart_clock()
    except Exception as error:
        runtime.report(error)


def end_call(call: Call, error: BaseException | None = None, broke_off: bool = False) -> None:
    """Hand it over, once. Success stays unknown where it `broke_off`: nobody saw the whole."""
    if call.has_ended:
        return
    try:
        if error is not None:
            call.note_error(error)
        elif call.success is None and not broke_off and tells_success(call):
            call.success = True
        runtime.hand_over(call)
    except Exception as problem:
        call.has_ended = True
        runtime.report(problem)


def tells_success(call: Call) -> bool:
    """Whether a return says anything of the answer. Not of a known one that is served again, and not of
    a shadow: that both calls returned would prove that both answers are equally good."""
    return not call.shadow_id and getattr(call.decision, "cached_output", None) is None
