"""What Get started shows to paste, one snippet for each way in. The suite runs each as it is shown."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime

from integration.client_wheel import built_wheel


@dataclass(frozen=True)
class StartSnippet:
    """`setup`: what to do once before, in a shell."""

    name: str
    title: str
    note: str
    code: str
    setup: str = ""


def write_snippets(host: str, key: str, project: str, now: datetime) -> list[StartSnippet]:
    install = f"python -m pip install {host}/client/{built_wheel()[0]}"
    curl = CURL.format(host=host, key=key, now=now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return [
        StartSnippet("curl", "curl", "Nothing to install.", curl),
        StartSnippet("python", "Python", PYTHON_NOTE, PYTHON.format(host=host, key=key), install),
        StartSnippet("openai", "OpenAI", OPENAI_NOTE, OPENAI.format(host=host, key=key), install),
        StartSnippet("otel", "OpenTelemetry", OTEL_NOTE, OTEL.format(host=host, key=key)),
        StartSnippet("litellm", "LiteLLM", LITELLM_NOTE, LITELLM.format(host=host, key=key)),
        StartSnippet("import", "History", IMPORT_NOTE, IMPORT.format(project=shlex.quote(project))),
    ]


CURL = """curl {host}/api/v1/interactions/ \\
  -H "Authorization: Bearer {key}" \\
  -H "Content-Type: application/json" \\
  -d '{{"model_id": "gpt-5-mini", "task_type": "support.order_status",
    "input": "Where is my order AB-104482?", "output": "It ships tomorrow.",
    "metadata": {{"timestamp": "{now}", "duration": 812}},
    "usage": {{"input_tokens": 41, "output_tokens": 17}}, "success": true}}'"""

PYTHON_NOTE = (
    "The client comes from this server and needs nothing else. It never raises into your code "
    "and never holds it up."
)
PYTHON = """import featurememory_client as fm

fm.init("{host}", "{key}")


@fm.remember(task_type="support.order_status", model_id="gpt-5-mini")
def answer(question):
    return "It ships tomorrow."  # here your function calls its model


print(answer("Where is my order AB-104482?"))"""

OPENAI_NOTE = (
    "One line around the client you have: OpenAI or Anthropic, async or not, streams included."
)
OPENAI = """import featurememory_client as fm
from openai import OpenAI

fm.init("{host}", "{key}")
client = fm.wrap(OpenAI())  # all else stays as it is

answer = client.chat.completions.create(
    model="gpt-5-mini",
    messages=[{{"role": "user", "content": "Where is my order AB-104482?"}}],
)
print(answer.choices[0].message.content)"""

OTEL_NOTE = (
    "For any program that sends traces of its model calls: OpenTelemetry, OpenLLMetry, "
    "OpenInference, Langfuse, Vercel AI SDK. Set this where it runs; its code stays."
)
OTEL = """export OTEL_EXPORTER_OTLP_ENDPOINT={host}
export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20{key}"
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true"""

LITELLM_NOTE = "In the configuration of your LiteLLM proxy, for every model behind it."
LITELLM = """litellm_settings:
  callbacks: ["generic_api"]
environment_variables:
  GENERIC_LOGGER_ENDPOINT: {host}/api/v1/ingest/litellm/
  GENERIC_LOGGER_HEADERS: "Authorization=Bearer {key}\""""

IMPORT_NOTE = (
    "On this server, in its folder: what you have logged already, as interactions, a table, or an "
    "export of Langfuse, Phoenix, LiteLLM, OpenAI or OpenTelemetry. The page Jobs takes uploads."
)
IMPORT = """.venv/bin/python manage.py import history.jsonl --project {project}"""
