"""What the document says of the endpoints for signing in, sessions, tokens and people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldstone.api.openapi_operation import (
    Answer,
    Body,
    Operation,
    list_schema,
    object_schema,
    or_null,
)
from fieldstone.api.openapi_shapes import COUNT, TEXT
from fieldstone.metadata.api_scopes import API_SCOPES
from fieldstone.metadata.values import Json, JsonObject

_IDENTITY: Final = "Signing in"
_PEOPLE: Final = "People"
_CHANGES: Final = (409, 413, 422)
_FLAG: Final[JsonObject] = {"type": "boolean"}
_INSTANT: Final[JsonObject] = {"type": "string", "format": "date-time"}
_EMAIL: Final[JsonObject] = {"type": "string", "format": "email"}
_PASSWORD: Final[JsonObject] = {"type": "string", "format": "password", "maxLength": 256}
_SENTENCE: Final = "four unrelated words"


def _closed(**properties: Json) -> JsonObject:
    return object_schema(properties, required=tuple(properties), closed=True)


_VIEWER: Final = _closed(id=or_null(TEXT), name=TEXT, may_set_up=_FLAG)
_OPENED: Final = _closed(viewer=_VIEWER, expires_at=_INSTANT)
_SESSION: Final = _closed(
    id=TEXT,
    current=_FLAG,
    created_at=_INSTANT,
    seen_at=_INSTANT,
    expires_at=_INSTANT,
    address=TEXT,
    agent=TEXT,
    method=TEXT,
)
_TOKEN: Final = _closed(
    id=TEXT,
    name=TEXT,
    created_at=_INSTANT,
    used_at=or_null(_INSTANT),
    expires_at=or_null(_INSTANT),
    scopes=or_null(list_schema(TEXT)),
)
_PERSON: Final = _closed(
    id=TEXT,
    email=TEXT,
    is_administrator=_FLAG,
    is_service=_FLAG,
    is_active=_FLAG,
    has_password=_FLAG,
    created_at=_INSTANT,
)
TOKEN: Final = _TOKEN
TOKEN_WISH: Final = object_schema(
    {
        "name": TEXT,
        "expires_at": or_null(_INSTANT),
        "scopes": or_null(list_schema({"type": "string", "enum": list(API_SCOPES)})),
    },
    required=("name",),
)
_INVITATION: Final = {"invitation": TEXT, "address": TEXT}
_CREDENTIALS: Final = Body(
    object_schema({"email": _EMAIL, "password": _PASSWORD}, required=("email", "password")),
    {"email": "ada@acme.example", "password": _SENTENCE},
)
_GONE: Final = Answer("It is gone.")
_HALF: Final = Answer(
    "The password is right, and a second factor is wanted.",
    _closed(
        next_step=_closed(
            token=TEXT,
            purpose={"enum": ["second", "enrol"]},
            methods=list_schema(TEXT),
            expires_at=_INSTANT,
        )
    ),
)

IDENTITY_OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /session": Operation(
        _IDENTITY,
        {200: Answer("Who asks.", _closed(viewer=or_null(_VIEWER), must_sign_in=_FLAG))},
    ),
    "POST /session": Operation(
        _IDENTITY,
        {200: Answer("Signed in; a cookie is set.", _OPENED), 202: _HALF},
        body=_CREDENTIALS,
        refuses=(413, 422, 429),
    ),
    "DELETE /session": Operation(_IDENTITY, {204: Answer("Signed out.")}),
    "POST /session/password": Operation(
        _IDENTITY,
        {204: Answer("It is changed; tokens and other sessions ended.")},
        body=Body(
            object_schema({"before": _PASSWORD, "after": _PASSWORD}, required=("before", "after")),
            {"before": "the old one", "after": _SENTENCE},
        ),
        refuses=(413, 422, 429),
    ),
    "GET /sessions": Operation(
        _IDENTITY,
        {200: Answer("The open sessions.", _closed(sessions=list_schema(_SESSION)))},
    ),
    "DELETE /sessions": Operation(
        _IDENTITY, {200: Answer("How many ended.", _closed(ended=COUNT))}
    ),
    "DELETE /sessions/{id}": Operation(_IDENTITY, {204: _GONE}),
    "POST /welcome": Operation(
        _IDENTITY,
        {200: Answer("Signed in; a cookie is set.", _OPENED), 202: _HALF},
        body=Body(
            object_schema({"token": TEXT, "password": _PASSWORD}, required=("token", "password")),
            {"token": "fsi_…", "password": _SENTENCE},
        ),
        refuses=(413, 422),
    ),
    "GET /tokens": Operation(
        _IDENTITY,
        {200: Answer("The tokens, without their texts.", _closed(tokens=list_schema(_TOKEN)))},
    ),
    "POST /tokens": Operation(
        _IDENTITY,
        {201: Answer("The token, told this once.", _closed(id=TEXT, token=TEXT))},
        body=Body(
            TOKEN_WISH,
            {"name": "nightly sync", "scopes": ["records:read"]},
        ),
        refuses=(413, 422),
    ),
    "DELETE /tokens/{id}": Operation(_IDENTITY, {204: _GONE}),
    "GET /people": Operation(
        _PEOPLE,
        {
            200: Answer(
                "A page of those who may sign in.",
                _closed(people=list_schema(_PERSON), next=or_null(TEXT)),
            )
        },
        ("limit", "cursor"),
        refuses=(422,),
    ),
    "POST /people": Operation(
        _PEOPLE,
        {201: Answer("The invitation, told this once.", _closed(id=TEXT, **_INVITATION))},
        body=Body(
            object_schema(
                {
                    "email": _EMAIL,
                    "name": TEXT,
                    "is_administrator": or_null(_FLAG),
                    "permission_sets": or_null(list_schema(TEXT)),
                },
                required=("email", "name"),
            ),
            {"email": "ben@acme.example", "name": "Ben"},
        ),
        refuses=_CHANGES,
    ),
    "POST /claim": Operation(
        _PEOPLE,
        {201: Answer("From now on people sign in; a cookie is set.", _OPENED)},
        body=_CREDENTIALS,
        refuses=_CHANGES,
    ),
    "PATCH /people/{id}": Operation(
        _PEOPLE,
        {200: Answer("The person as they are now.", _PERSON)},
        body=Body(
            object_schema({"is_administrator": or_null(_FLAG), "is_active": or_null(_FLAG)}),
            {"is_active": False},
        ),
        refuses=(413, 422),
    ),
    "POST /people/{id}/invitation": Operation(
        _PEOPLE,
        {201: Answer("Another invitation, told this once.", _closed(**_INVITATION))},
        body=Body(
            object_schema({"resets_factors": or_null(_FLAG)}),
            {"resets_factors": True},
            required=False,
        ),
        refuses=(413, 422),
    ),
}
