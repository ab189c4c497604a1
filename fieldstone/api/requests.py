"""How endpoints read requests: bodies within limits, JSON of any client, whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fieldstone.errors import InvalidInput
from fieldstone.metadata.values import Json, JsonObject, read_json, write_json_bytes

BODY_LIMIT_BYTES: Final = 1_000_000
BULK_LIMIT_BYTES: Final = 50_000_000
PAGE_SIZE: Final = 50
MOST_PER_PAGE: Final = 2000
_DEEPEST: Final = 100


class BadJson(InvalidInput):
    """A body that is not JSON, or not the JSON that is expected."""

    code = "request.bad_json"


class BodyTooLarge(InvalidInput):
    """A body beyond the limit of its endpoint."""

    code = "request.too_large"


class BadParameter(InvalidInput):
    """A parameter of the address with a value it cannot have."""

    code = "request.bad_parameter"


async def read_body(request: Request, limit_bytes: int = BODY_LIMIT_BYTES) -> bytes:
    """Read a body up to a limit, whether or not its length was announced. Raises BodyTooLarge."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit_bytes:
            raise BodyTooLarge(f"The body is larger than {limit_bytes} bytes.")
        parts.append(part)
    return b"".join(parts)


async def read_value(
    request: Request, limit_bytes: int = BODY_LIMIT_BYTES, deepest: int = _DEEPEST
) -> Json:
    """Read a body as JSON, whatever its Content-Type says: curl -d says form. Raises BadJson."""
    return _parsed(await read_body(request, limit_bytes), deepest)


def _parsed(body: bytes, deepest: int = _DEEPEST) -> Json:
    try:
        value = read_json(body.decode())
    except UnicodeDecodeError:
        raise BadJson("The body is not valid UTF-8.") from None
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise BadJson(f"The body is not JSON: {error}.") from error
    if _depth_exceeds(value, deepest):
        raise BadJson(f"The JSON is nested deeper than {deepest} levels.")
    return value


async def read_object(
    request: Request, limit_bytes: int = BODY_LIMIT_BYTES, deepest: int = _DEEPEST
) -> JsonObject:
    """Read a body that must be a JSON object. Raises BadJson."""
    return _as_object(await read_value(request, limit_bytes, deepest))


async def read_optional_object(request: Request) -> JsonObject:
    """Read a body that is a JSON object or missing, which is an empty one. Raises BadJson."""
    body = await read_body(request)
    return _as_object(_parsed(body)) if body else {}


def _as_object(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise BadJson("The body must be a JSON object.", hint='Write {"name": "value"}.')
    return value


def whole_number(request: Request, name: str, default: int, most: int, least: int = 1) -> int:
    """Give a parameter of the address that counts something. Raises BadParameter."""
    return number_in(request.query_params, name, default, most, least)


def number_in(params: Mapping[str, str], name: str, default: int, most: int, least: int = 1) -> int:
    """Give one of some parameters that counts something. Raises BadParameter."""
    text = params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadParameter(f"{name} must be a whole number.", at=f"/{name}")
    number = int(text)
    if not least <= number <= most:
        raise BadParameter(f"{name} must be from {least} to {most}.", at=f"/{name}")
    return number


def json_response(value: object, status: int = 200, **headers: str) -> Response:
    """Answer with JSON; decimals keep every digit."""
    return Response(write_json_bytes(value), status, headers, media_type="application/json")


def text_response(text: str, status: int = 200, **headers: str) -> Response:
    """Answer with JSON text that PostgreSQL built."""
    return Response(text.encode(), status, headers, media_type="application/json")


def _depth_exceeds(value: Json, most: int) -> bool:
    """Tell whether JSON is nested deeper; level by level, so that it needs no deep stack."""
    level: list[Json] = [value]
    for _ in range(most):
        below: list[Json] = []
        for one in level:
            if isinstance(one, dict):
                below.extend(one.values())
            elif isinstance(one, list):
                below.extend(one)
        if not below:
            return False
        level = below
    return True
