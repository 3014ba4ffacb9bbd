"""The rows an import could not take, as a CSV file: the number of the row and why."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import IO

# 5,000 rows are 1 MB; who has more wrong rows than that has one mistake and not many.
MOST, LONGEST = 5_000, 500


class ErrorFile:
    """Made with the first error; what is beyond the limit is counted by the import alone."""

    def __init__(self, path: Path) -> None:
        self.path, self.count = path, 0
        path.unlink(missing_ok=True)  # of an attempt before
        self._file: IO[str] | None = None

    def write(self, number: int, message: str) -> None:
        self.count += 1
        if self.count > MOST:
            return
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", newline="")
        rows = csv.writer(self._file)
        if self.count == 1:
            rows.writerow(["row", "error"])
        rows.writerow([number, message[:LONGEST]])
        if self.count == MOST:
            rows.writerow(["…", f"more than {MOST:,} rows: the others are not listed"])

    def __enter__(self) -> ErrorFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
