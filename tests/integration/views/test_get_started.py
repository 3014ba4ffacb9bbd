"""What Get started shows is pasted and run as it is shown; the waiting box tells that it came."""

from __future__ import annotations

import html
import json
import os
import re
import shlex
import shutil
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
from django.utils import timezone

from integration.views.start_snippets import write_snippets
from patterns.models import ModelInteraction
from tests.builders import item, project
from tests.integration.dialects.test_litellm import payload
from tests.web import browser, person

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
    """The page that made a key for a person, at the address of the server that really runs."""

    def __init__(self, client: Client, address: str) -> None:
        self.client, self.headers = client, {"host": address.removeprefix("http://")}
        self.page = client.post("/start/", headers=self.headers).content.decode()

    def code(self, name: str) -> str:
        found = re.search(rf'<code id="{name}">(.*?)</code>', self.page, re.DOTALL)
        assert found is not None
        return html.unescape(re.sub(r"</?b>", "", found[1]))

    def has_received(self) -> bool:
        answer = self.client.get("/start/wait/", headers=self.headers)
        return answer.status_code == 286 and "Interaction received" in answer.content.decode()


@pytest.fixture
def start(live_server: Any) -> ShownStart:
    project("default")
    shown = ShownStart(browser(person("eva", may_change=True)), live_server.url)
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
        timeout=300,  # an example that trains models takes 20 s alone, and shares the machine
        env={**clean, "PATH": path, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def paste(code: str) -> Any:
    """What the server answers to a shown `curl`, run in a shell where there is one."""
    if shutil.which("curl"):
        return json.loads(run("sh", "-c", code.replace("curl ", "curl -sS ", 1)))
    words = shlex.split(code.replace("\\\n", " "))
    headers = dict(words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H")
    body = words[words.index("-d") + 1].encode()
    with urllib.request.urlopen(urllib.request.Request(words[1], body, headers)) as answer:
        return json.load(answer)


def test_curl(start: ShownStart) -> None:
    assert paste(start.code("curl"))["status"] == "stored"
    assert start.has_received()


def test_asking_before_a_task_runs(start: ShownStart) -> None:
    answer = paste(start.code("prepare"))

    assert answer["decision_id"]
    assert answer["task"]["input"] == "Where is my order AB-104482?"


RUN_HERE = {"curl", "setup-python", "python", "openai", "otel", "litellm", "import", "prepare"}


def test_every_snippet_that_is_shown_is_run_here(start: ShownStart) -> None:
    shown = set(re.findall(r'<code id="([\w-]+)">', start.page))

    assert shown - {"key"} == RUN_HERE | {"setup-openai"}
    assert start.code("setup-openai") == start.code("setup-python")


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


def test_the_import_of_a_project_whose_name_has_blanks_is_one_that_a_shell_understands() -> None:
    shown = write_snippets("http://host", "k", "Anna's shop", timezone.now())[-1]

    assert shlex.split(shown.code)[-1] == "Anna's shop"


def test_an_import(start: ShownStart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "history.jsonl").write_text(json.dumps(item()))
    monkeypatch.chdir(tmp_path)
    python, manage, *words = shlex.split(start.code("import"))
    call_command(*words)

    assert (python, manage) == (".venv/bin/python", "manage.py")
    assert start.has_received()
