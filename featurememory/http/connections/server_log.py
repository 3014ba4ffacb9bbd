"""What the server itself logs, without the one warning that is no surprise here."""

from __future__ import annotations

import logging

EXPECTED = "Configuration allows spawning up to"


class HideExpected(logging.Filter):
    """It warns of many threads. Ours wait for slow clients, behind a fixed number of slots."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith(EXPECTED)
