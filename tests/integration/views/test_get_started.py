"""What Get started shows is pasted and run as it is shown; the waiting box tells that it came."""

from __future__ import annotations

import html
import json
import os
import re
import shlex
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from patterns.models import ModelInteraction
from tests.builders import item, project
from tests.integration.dialects.test_litellm import payload

pytestmark = pytest.mark.django_db(transaction=True)

SEND_SPAN = """
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
with provider.get_tracer("app").start_as_current_span("chat gpt-5-mini", attributes={
    "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5-mini"}): pass
provider.shutdown()
"""


class ShownStart:
    """The page of a signed-in person, at the address of the server that really runs."""

    def __init__(self, client: Client, address: str) -> None:
        self.client, self.headers = client, {"host": address.removeprefix("http://")}
        self.page = client.get("/start/", headers=self.headers).content.decode()

    def code(self, name: str) -> str:
        found = re.search(rf'<code id="{name}">(.*?)</code>', self.page, re.DOTALL)
        assert found is not None
        return html.unescape(found[1])

    def has_received(self) -> bool:
        answer = self.client.get("/start/wait/", headers=self.headers)
        return answer.status_code == 286 and "Interaction received" in answer.content.decode()


@pytest.fixture
def start(live_server: Any, admin_client: Client) -> ShownStart:
    project("default")
    shown = ShownStart(admin_client, live_server.url)
    assert live_server.url in shown.page
    assert not shown.has_received()
    return shown


def run(*command: str, **environment: str) -> str:
    """In an environment without settings of this machine, with this Python as `python`."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("OTEL", "FEATURE_MEMORY"))}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        env={**clean, "PATH": path, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl(start: ShownStart) -> None:
    words = shlex.split(start.code("curl").replace("\\\n", " "))
    headers = dict(words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H")
    body = words[words.index("-d") + 1].encode()
    with urllib.request.urlopen(urllib.request.Request(words[1], body, headers)) as answer:
        assert answer.status == 201

    assert start.has_received()


@pytest.fixture
def installed(start: ShownStart, tmp_path: Path) -> str:
    """The folder into which the line for pip, as shown, has installed the client."""
    options = {"PIP_TARGET": str(tmp_path), "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1"}
    run("sh", "-c", start.code("setup-python"), **options)
    return str(tmp_path)


def test_the_python_client(start: ShownStart, installed: str) -> None:
    said = run("python", "-c", start.code("python"), PYTHONPATH=installed)

    assert said == "It ships tomorrow.\n"
    assert start.has_received()
    assert ModelInteraction.objects.get().task_type == "support.order_status"


class FakeOpenAI(BaseHTTPRequestHandler):
    """Answers every chat."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": "It ships tomorrow."}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 41, "completion_tokens": 17, "total_tokens": 58}
        made = {"id": "c", "object": "chat.completion", "created": 5, "model": "gpt-5-mini"}
        body = json.dumps({**made, "choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def openai_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeOpenAI)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def test_one_line_around_openai(start: ShownStart, installed: str, openai_url: str) -> None:
    settings = {"OPENAI_BASE_URL": openai_url, "OPENAI_API_KEY": "k", "PYTHONPATH": installed}
    said = run("python", "-c", start.code("openai"), **settings)

    assert said == "It ships tomorrow.\n"
    assert start.has_received()
    assert ModelInteraction.objects.get().input_tokens == 41


def test_the_environment_of_opentelemetry(start: ShownStart) -> None:
    run("sh", "-c", f'{start.code("otel")}\nexec python -c "$PROGRAM"', PROGRAM=SEND_SPAN)

    assert start.has_received()


def test_the_configuration_of_litellm(start: ShownStart) -> None:
    shown = yaml.safe_load(start.code("litellm"))
    set_up = shown["environment_variables"]
    headers = dict([set_up["GENERIC_LOGGER_HEADERS"].split("=", 1)])
    headers["Content-Type"] = "application/json"
    address, body = set_up["GENERIC_LOGGER_ENDPOINT"], json.dumps([payload()]).encode()
    with urllib.request.urlopen(urllib.request.Request(address, body, headers)) as answer:
        assert json.load(answer)["accepted"] == 1

    assert shown["litellm_settings"] == {"callbacks": ["generic_api"]}
    assert start.has_received()


def test_an_import(start: ShownStart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "history.jsonl").write_text(json.dumps(item()))
    monkeypatch.chdir(tmp_path)
    python, manage, *words = shlex.split(start.code("import"))
    call_command(*words)

    assert (python, manage) == (".venv/bin/python", "manage.py")
    assert start.has_received()
