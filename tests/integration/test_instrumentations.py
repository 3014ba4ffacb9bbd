"""The instrumentations that people install, each in a program of its own, against a model server here.

What they send is not imitated: a new version that writes it otherwise fails here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import Any

import httpx
import pytest

from featurememory.models import Project
from patterns.models import ModelInteraction
from tests.builders import key_of, project
from tests.integration.client.fake_model import FakeModel
from tests.integration.dialects.sent import content

pytestmark = pytest.mark.django_db(transaction=True)

CALLS = """
def ask(text, **more):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]
    return client.chat.completions.create(model="gpt-5-mini", messages=messages, **more)

ask("chat?", temperature=0.2)
list(ask("stream?", stream=True, stream_options={"include_usage": True}))
try:
    ask("[429]?")
except Exception as error:
    print(type(error).__name__)
client.responses.create(model="gpt-5-mini", input="responses?")
client.embeddings.create(model="gpt-5-mini", input="embeddings?")
"""
OTEL = """
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from {package} import OpenAIInstrumentor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
OpenAIInstrumentor().instrument(tracer_provider=provider)

from openai import OpenAI
client = OpenAI(max_retries=0)
{calls}
provider.shutdown()
"""
LANGFUSE = """
from langfuse import get_client
from langfuse.openai import OpenAI

client = OpenAI(max_retries=0)
{calls}
get_client().flush()
"""
SENDERS = {
    "openinference.instrumentation.openai": OTEL,
    "opentelemetry.instrumentation.openai": OTEL,
    "langfuse": LANGFUSE,
}


def answer_by(model: FakeModel) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = model.answer(httpx.Request("POST", f"http://model{self.path}", content=body))
            raw = rename_answer(answer.read())
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["content-type"])
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def rename_answer(raw: bytes) -> bytes:
    """Providers give each answer a name of its own; two of one name may be one call told twice."""
    return re.sub(rb'"id": ?"[cr]"', f'"id": "{uuid.uuid4()}"'.encode(), raw)


@pytest.fixture
def model_url(model: FakeModel) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), answer_by(model))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


def is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("package", SENDERS)
def test_every_call_of_a_real_sender_arrives_once_and_whole(
    package: str, live_server: Any, model_url: str
) -> None:
    if not is_installed(package):
        pytest.skip(f"{package} is not installed: make install-dev")
    owner = project()
    said = run(SENDERS[package], package, model_url, live_server.url, key_of(owner, "in"))

    assert said == "RateLimitError"
    rows = {kind: find_call(owner, kind) for kind in ("chat?", "stream?", "responses?")}
    for kind, row in rows.items():
        assert content(row)["output"] == f"echo {kind}"
        assert (row.input_tokens, row.output_tokens, row.cached_input_tokens) == (100, 20, 40)
        assert row.model_id.startswith("gpt-5-mini")
        assert row.success is True
    assert content(rows["chat?"])["input"][0] == {"role": "system", "content": "Be brief."}
    assert content(rows["chat?"])["parameters"]["temperature"] == 0.2
    failed = find_call(owner, "[429]?")
    assert (failed.success, failed.input_tokens) == (False, None)
    assert "no 429" in content(failed)["error"]["message"]
    assert find_call(owner, "embeddings?").input_tokens == 8
    assert ModelInteraction.objects.filter(project=owner).count() == 5


def run(program: str, package: str, model_url: str, url: str, key: str) -> str:
    """What it printed. Nothing of this machine's own settings reaches it."""
    unwanted = ("OTEL", "LANGFUSE", "OPENAI", "FM_", "DJANGO", "PYTHON")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    settings = {
        "OPENAI_BASE_URL": model_url,
        "OPENAI_API_KEY": "k",
        "OTEL_EXPORTER_OTLP_ENDPOINT": url,
        "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer%20{key}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "LANGFUSE_BASE_URL": url,
        "LANGFUSE_HOST": url,
        "LANGFUSE_PUBLIC_KEY": "pk-any",
        "LANGFUSE_SECRET_KEY": key,
    }
    source = program.format(package=package, calls=CALLS)
    done = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        timeout=120,
        env=clean | settings,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def find_call(owner: Project, text: str) -> ModelInteraction:
    rows = ModelInteraction.objects.filter(project=owner)
    (found,) = (row for row in rows if text in str(content(row)["input"]))
    return found
