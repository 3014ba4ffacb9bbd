"""What OTLP answers, in the content type of the request."""

from __future__ import annotations

import msgspec

from integration.dialects.otlp.wire import write_bytes, write_number

PROTOBUF, JSON = "application/x-protobuf", "application/json"
TYPES = (PROTOBUF, JSON)
# google.rpc.Code of the statuses we answer with; UNKNOWN for the rest.
RPC_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 413: 3, 415: 3, 422: 3, 429: 8, 503: 14, 507: 8}


def write_answer(media_type: str, rejected: int = 0, why: str = "") -> bytes:
    """ExportTraceServiceResponse; empty when all spans were taken."""
    if media_type == PROTOBUF:
        if not rejected:
            return b""
        partial = write_number(1, rejected) + write_bytes(2, why.encode())
        return write_bytes(1, partial)
    if not rejected:
        return b"{}"
    return msgspec.json.encode({"partialSuccess": {"rejectedSpans": rejected, "errorMessage": why}})


def write_status(status: int, message: str) -> bytes:
    """google.rpc.Status, the body of a refusal in protobuf."""
    return write_number(1, RPC_CODES.get(status, 2)) + write_bytes(2, message.encode())
