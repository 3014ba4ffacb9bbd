"""A call whose output is still coming, piece by piece."""

from __future__ import annotations

from typing import Any

from featurememory_client import runtime
from featurememory_client.capturing.recording_calls import end_call
from featurememory_client.recording.call import Call
from featurememory_client.recording.snapshot import LONGEST_TEXT, MOST_VALUES, Room, freeze


class OpenStream:
    """Known to the process until it ends: what is open at the very end counts as closed there."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._pieces: list[Any] = []
        self._room = Room()
        runtime.get_process().open_calls.add(self)

    def add(self, piece: Any) -> None:
        """Past the bounds of what is recorded nothing is kept."""
        if len(self._pieces) < MOST_VALUES and self._room.weight < LONGEST_TEXT:
            self._pieces.append(freeze(piece, self._room))

    def end(self, error: BaseException | None = None) -> None:
        self._call.output = self._join()
        end_call(self._call, error)

    def close(self) -> None:
        """It was left before its end."""
        self._call.output = self._join()
        end_call(self._call, broke_off=True)

    def _join(self) -> Any:
        """Texts become one text, anything else a list."""
        if self._pieces and all(isinstance(piece, str) for piece in self._pieces):
            return "".join(self._pieces)
        return self._pieces
