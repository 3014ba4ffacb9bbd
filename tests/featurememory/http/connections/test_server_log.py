"""The server's own log: its configuration can be read, and one expected warning stays out."""

from __future__ import annotations

import json
import logging
import logging.config
from pathlib import Path

import pytest

from featurememory.http.connections import server_log

CONFIG = Path(server_log.__file__).with_name("log.json")


def test_only_the_expected_warning_is_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    config = {"version": 1, "disable_existing_loggers": False, **json.loads(CONFIG.read_text())}
    logging.config.dictConfig(config)
    log = logging.getLogger("_granian")
    log.warning("%s 192 Python threads", server_log.EXPECTED)
    log.warning("Killing worker-1")

    assert capsys.readouterr().out == "[WARNING] Killing worker-1\n"
