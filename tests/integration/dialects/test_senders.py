"""OpenTelemetry's own SDK and exporter send; nothing between them and the views but a socket."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from requests.adapters import BaseAdapter

from featurememory.models import Project
from patterns.models import ModelInteraction
from tests.builders import client, key_of, project
from tests.integration.dialects.sent import CHAT, content

pytestmark = pytest.mark.django_db


class Straight(BaseAdapter):
    """Hands what would go over the wire to Django's test client."""

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        headers = {name.lower(): value for name, value in request.headers.items()}
        kind = headers.pop("content-type")
        answer = client().generic("POST", request.path_url, request.body, kind, headers=headers)
        response = requests.Response()
        response.status_code, response._content = answer.status_code, answer.content
        response.headers.update(answer.headers)
        response.request, response.url = request, request.url
        return response

    def close(self) -> None:
        pass


@pytest.fixture
def owner() -> Project:
    return project()


def exporter(owner: Project, compression: str) -> Any:
    session = requests.Session()
    session.mount("http://", Straight())
    return OTLPSpanExporter(
        endpoint="http://testserver/v1/traces",
        headers={"Authorization": f"Bearer {key_of(owner, 'in')}"},
        compression=Compression(compression),
        session=session,
    )


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_what_the_sdk_records_arrives_whole(owner: Project, compression: str) -> None:
    memory, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("tests")
    agent: dict[str, Any] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.usage.input_tokens": 40,
    }
    with tracer.start_as_current_span("agent", attributes=agent) as outer:
        outer.set_attribute("session.id", "s-1")
        with tracer.start_as_current_span("chat gpt-5-mini", attributes=CHAT) as inner:
            inner.set_attribute("gen_ai.response.finish_reasons", ["stop"])
    spans = memory.get_finished_spans()
    for _ in range(2):
        assert exporter(owner, compression).export(spans) is SpanExportResult.SUCCESS

    (row,) = ModelInteraction.objects.filter(project=owner)
    assert (row.model_id, row.input_tokens, row.session_id) == ("gpt-5-mini", 40, "s-1")
    assert content(row)["output"] == "It ships tomorrow."


def test_a_span_that_failed_says_so(owner: Project) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter(owner, "none")))
    with (
        pytest.raises(TimeoutError),
        provider.get_tracer("tests").start_as_current_span("chat", attributes=CHAT),
    ):
        raise TimeoutError("no answer")

    (row,) = ModelInteraction.objects.filter(project=owner)
    error = content(row)["error"]
    assert (row.success, error) == (False, {"type": "TimeoutError", "message": "no answer"})
