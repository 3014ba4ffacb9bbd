"""Request bodies as typed values: JSON decoded by msgspec, errors with the pointer of the field."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec
from rest_framework.request import Request

from featurememory.errors import ErrorCode, FeatureMemoryError, invalid
from featurememory.http.finite_numbers import require_64_bits, require_finite
from featurememory.http.request_body import read_body

T = TypeVar("T")
# msgspec names Python's types, callers write JSON.
NAMES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "an array",
    "null": "null",
}
COUNTED = {"str": "character", "array": "item", "object": "member"}
BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
WRONG_TYPE = re.compile(r"Expected `([a-z| ]{1,60})`, got `([a-z]{1,20})`")
WRONG_LENGTH = re.compile(r"Expected `(str|array|object)` of length (>=|<=) (\d{1,12})")
WRONG_SIZE = re.compile(r"Expected `(?:int|float)` (>=|<=|>|<) (-?[\d.]{1,20})")


def body_of(request: Request, shape: type[T], limit: int | None = None) -> T:
    """The JSON body as `shape` (a msgspec type). 400 malformed, 413, 415, 422 with the pointer."""
    return decode_finite(read_body(request._request, limit), shape)


def decode_finite(raw: bytes, shape: type[T]) -> T:
    """`decode_json`, and 422 for a number that cannot be kept in the parts that have no type."""
    found = decode_json(raw, shape)
    require_finite(raw)
    require_64_bits(raw)
    return found


def decode_json(raw: bytes, shape: type[T]) -> T:
    """JSON bytes as `shape`; malformed JSON is 400, a wrong value 422 with its pointer."""
    try:
        raw.decode()  # parts that stay raw are checked for UTF-8 here
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError as error:
        require_json(raw)
        raise translate_validation_error(error) from error
    except (ValueError, RecursionError) as error:  # ValueError: also what Python itself refuses
        raise make_malformed_error(error) from error


def require_json(raw: bytes) -> None:
    """Raise 400 for invalid JSON, which takes precedence over a wrong type found earlier."""
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except msgspec.ValidationError:
        return
    except (ValueError, RecursionError) as error:
        raise make_malformed_error(error) from error


def make_malformed_error(error: Exception) -> FeatureMemoryError:
    what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return FeatureMemoryError(f"The body is not valid JSON: {what}", ErrorCode.MALFORMED_BODY)


def translate_validation_error(error: msgspec.ValidationError) -> FeatureMemoryError:
    """`Expected float - at $.metadata.duration` as a 422 with the pointer /metadata/duration."""
    message, _, path = str(error).partition(" - at `$")
    pointer = path.rstrip("`").replace("[...]", "").replace("[", "/").replace("]", "")
    pointer = pointer.replace(".", "/")
    if "missing required field" in message:
        name = message.rsplit("`", 2)[-2]
        return invalid("is required", f"{pointer}/{name}", "required")
    return invalid(describe_mismatch(message), pointer, "type")


def describe_mismatch(message: str) -> str:
    """`Expected `float` >= 0.0` → "must be at least 0"; what is not known stays as it is."""
    if found := WRONG_TYPE.fullmatch(message):
        wanted = " or ".join(name_type(name) for name in found[1].split(" | "))
        return f"must be {wanted}, not {name_type(found[2])}"
    if found := WRONG_LENGTH.fullmatch(message):
        return describe_length(found[1], found[2], int(found[3]))
    if found := WRONG_SIZE.fullmatch(message):
        return f"must be {BOUNDS[found[1]]} {float(found[2]):.15g}"
    return message[:1].lower() + message[1:].replace("`", "")


def name_type(name: str) -> str:
    return NAMES.get(name, name)


def describe_length(kind: str, bound: str, length: int) -> str:
    if bound == ">=" and length == 1:
        return "must not be empty"
    return f"must have {BOUNDS[bound]} {length:,} {COUNTED[kind]}{'' if length == 1 else 's'}"
