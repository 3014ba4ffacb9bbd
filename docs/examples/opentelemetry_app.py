"""An application that sends OpenTelemetry traces of its model calls, wherever its environment says.

Instrumentations write such spans by themselves; here they are written out, to need no model.
"""

import json

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("shop")


def message(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


def answer(question: str) -> str:
    with tracer.start_as_current_span("chat gpt-5-mini") as span:
        span.set_attribute("gen_ai.operation.name", "chat")
        span.set_attribute("gen_ai.request.model", "gpt-5-mini")
        span.set_attribute("gen_ai.input.messages", message("user", question))
        found = "It ships tomorrow."  # here a model is called
        span.set_attribute("gen_ai.output.messages", message("assistant", found))
        span.set_attribute("gen_ai.usage.input_tokens", 12)
        span.set_attribute("gen_ai.usage.output_tokens", 5)
        return found


for number in (1001, 1002, 1003, 1004):
    with tracer.start_as_current_span("invoke_agent support") as agent:
        agent.set_attribute("gen_ai.operation.name", "invoke_agent")
        agent.set_attribute("gen_ai.usage.input_tokens", 12)  # its child's: not counted twice
        print(number, answer(f"Where is my order {number}?"))

provider.shutdown()
