"""The one error type of the product, its stable codes, and how errors are logged. Pure Python."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

logger = logging.getLogger("featurememory")


class ErrorCode(StrEnum):
    """Stable codes: clients may switch on them, so a code is never renamed. See docs/api.md."""

    MALFORMED_BODY = "MALFORMED_BODY"
    HOST_NOT_ALLOWED = "HOST_NOT_ALLOWED"
    VALIDATION_FAILED = "VALIDATION_FAILED"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    TOO_LARGE = "TOO_LARGE"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    CONFLICT = "CONFLICT"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    THROTTLED = "THROTTLED"
    OVERLOADED = "OVERLOADED"
    STORAGE_FULL = "STORAGE_FULL"
    STORAGE_FAILED = "STORAGE_FAILED"
    PATTERN_INVALID = "PATTERN_INVALID"
    RECOGNITION_FAILED = "RECOGNITION_FAILED"
    MODEL_FAILED = "MODEL_FAILED"
    CONFIGURATION_INVALID = "CONFIGURATION_INVALID"
    UNKNOWN_ERROR = "UNKNOWN_ERROR"


# The HTTP status a code is answered with; codes that never leave the process are 500.
STATUS = {
    ErrorCode.MALFORMED_BODY: 400,
    ErrorCode.HOST_NOT_ALLOWED: 400,
    ErrorCode.VALIDATION_FAILED: 422,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: 415,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.NOT_ACCEPTABLE: 406,
    ErrorCode.CONFLICT: 409,
    ErrorCode.IDEMPOTENCY_MISMATCH: 422,
    ErrorCode.THROTTLED: 429,
    ErrorCode.OVERLOADED: 503,
    ErrorCode.STORAGE_FULL: 507,
    ErrorCode.STORAGE_FAILED: 503,
    ErrorCode.PATTERN_INVALID: 422,
    ErrorCode.CONFIGURATION_INVALID: 422,
}


class FeatureMemoryError(Exception):
    """A known failure: a message for people, a stable code for programs, details for both.

    `details` is ready for JSON; under "errors" it may hold [{"pointer", "code", "message"}].
    """

    def __init__(
        self, message: str, code: ErrorCode, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.details = dict(details or {})

    @property
    def status(self) -> int:
        return STATUS.get(self.code, 500)


def invalid(message: str, pointer: str = "", kind: str = "invalid") -> FeatureMemoryError:
    """A 422 about one field; `pointer` is its JSON pointer (RFC 6901)."""
    error = {"pointer": pointer, "code": kind, "message": message}
    where = f"{pointer.lstrip('/').replace('/', '.')}: " if pointer else ""
    return FeatureMemoryError(where + message, ErrorCode.VALIDATION_FAILED, {"errors": [error]})


def not_found(what: str) -> FeatureMemoryError:
    return FeatureMemoryError(f"There is no such {what} in this project.", ErrorCode.NOT_FOUND)


def handle_feature_memory_error(error: BaseException) -> FeatureMemoryError:
    """Log the error and return it as a known one; what is unknown becomes UNKNOWN_ERROR.

    Known errors are logged with code, message and details; unknown ones with their traceback.
    """
    if isinstance(error, FeatureMemoryError):
        level = logging.ERROR if error.status >= 500 else logging.INFO
        extra = {"code": error.code.value, "details": error.details}
        logger.log(level, error.message, extra=extra)
        return error
    extra = {"code": ErrorCode.UNKNOWN_ERROR.value, "details": {"type": type(error).__name__}}
    logger.error("Unexpected %s", type(error).__name__, exc_info=error, extra=extra)
    return FeatureMemoryError(
        "Something unexpected happened. The log has the details under this request id.",
        ErrorCode.UNKNOWN_ERROR,
    )
