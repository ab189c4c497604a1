"""In which form an answer is wanted: as the question says, else as the header Accept does."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from fieldstone.api.requests import BadParameter
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.exports import Form, Format, read_format, read_labels

MANNERS: Final = ("format", "headers", "end")
"""What a question may say of the form of its answer, in the body or in the address."""

_PAGE: Final = "json"
_YES: Final = frozenset({"", "yes", "true", "1"})
_NO: Final = frozenset({"no", "false", "0"})
_BY_MEDIA_TYPE: Final = {
    **{kind.media_type.partition(";")[0]: kind for kind in Format},
    "application/ndjson": Format.NDJSON,
    "application/jsonl": Format.NDJSON,
}


def read_manner(request: Request, asked: JsonObject) -> tuple[Form | None, JsonObject]:
    """Give the form of a streamed answer, None for a page of JSON, and the question without it.

    Raises BadParameter, BadFormat.
    """
    said = {name: _text(name, asked.get(name)) for name in MANNERS}
    question = {name: value for name, value in asked.items() if name not in MANNERS}
    kind = _kind(said["format"], request.headers.get("accept", ""))
    end = said["end"].lower()
    if end not in _YES | _NO:
        raise BadParameter("end must be yes or no.", at="/end")
    labels = read_labels(said["headers"])
    form = None if kind is None else Form(kind, labels=labels, marks_end=end in _YES)
    return form, question


def _kind(said: str, accepted: str) -> Format | None:
    if said.lower() == _PAGE:
        return None
    return read_format(said) if said else _accepted(accepted)


def _accepted(header: str) -> Format | None:
    """Give the first form that a client names; None where it would take JSON before that."""
    for one in header.lower().split(","):
        media_type = one.partition(";")[0].strip()
        if media_type in _BY_MEDIA_TYPE:
            return _BY_MEDIA_TYPE[media_type]
        if media_type in ("application/json", "*/*"):
            return None
    return None


def _text(name: str, value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, str):
        return value or ""
    raise BadParameter(f"{name} must be a text.", at=f"/{name}")
