"""A real server in its own process and a real browser: what only both together can show.

The server runs with DEBUG off on an empty data folder; data comes in over HTTP, as a user's would.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "look-42-twice"
KEY = "fm_ad_browsertests_" + "k" * 40
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
START_S = 90


@dataclass(frozen=True)
class Site:
    """Where the server listens, and its API with a key."""

    url: str
    key: str = KEY

    def call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def patterns(self) -> list[str]:
        return [row["id"] for row in self.call("GET", "patterns/?limit=200")["data"]]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, port = tmp_path_factory.mktemp("site"), free_port()
    names = {"FM_INIT_ADMIN_PASSWORD": PASSWORD, "FM_INIT_API_KEY": KEY}
    names |= {"FM_DATA_DIR": str(folder / "data"), "FM_STATIC_ROOT": str(folder / "static")}
    usual = {name: value for name, value in os.environ.items() if not name.startswith("FM_")}
    command = [sys.executable, "manage.py", "serve", "--port", str(port), "--no-demo"]
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        command, cwd=ROOT, env=usual | names, stdout=log, stderr=log, start_new_session=True
    )
    try:
        until_up(f"http://127.0.0.1:{port}", process)
        yield Site(f"http://127.0.0.1:{port}")
    finally:
        end(process)


def until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended at once"
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"{url}/health/live", timeout=5).close()
            return
        time.sleep(0.2)
    raise AssertionError(f"no answer from {url} within {START_S} s")


def end(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, sign)
            process.wait(timeout=20)
            return


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("chromium is not installed (Debian: apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def signed_in(chromium: Any, site: Site) -> Any:
    """The cookies of the administrator, in a session that tests share."""
    return sign_in(chromium, site)


def sign_in(chromium: Any, site: Site) -> Any:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(site.url)
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_load_state()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(chromium: Any, site: Site, signed_in: Any) -> Iterator[Any]:
    """A signed-in page that fails its test when the console shows an error."""
    yield from open_page(chromium, site, signed_in)


@pytest.fixture
def page_of_new_project(chromium: Any, site: Site) -> Iterator[Any]:
    """The same in a session of its own, which has chosen a project that nobody has sent anything to."""
    for opened in open_page(chromium, site, sign_in(chromium, site)):
        name = f"new-{time.monotonic_ns()}"
        opened.goto("/admin/featurememory/project/add/")
        opened.fill("[name=name]", name)
        opened.locator("[name=_save]").click()
        opened.wait_for_url("**/project/")
        opened.goto(f"/?project={name}")
        yield opened


def open_page(chromium: Any, site: Site, signed_in: Any) -> Iterator[Any]:
    context = chromium.new_context(
        storage_state=signed_in, base_url=site.url, viewport={"width": 1440, "height": 900}
    )
    opened, errors = context.new_page(), []
    opened.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.set_default_timeout(10_000)
    yield opened
    context.close()
    assert not errors
