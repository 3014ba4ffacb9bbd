"""OTLP/HTTP (OpenTelemetry's protocol): bytes as spans, in protobuf and JSON."""
