"""What the document says of connected apps, the OAuth 2 server and service users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldstone.api.openapi_identity_operations import TOKEN, TOKEN_WISH
from fieldstone.api.openapi_operation import (
    Answer,
    Body,
    Operation,
    list_schema,
    object_schema,
    or_null,
)
from fieldstone.api.openapi_shapes import TEXT
from fieldstone.metadata.values import Json, JsonObject

_APPS: Final = "Connected apps"
_OAUTH: Final = "OAuth 2"
_SERVICE: Final = "Service users"
_FLAG: Final[JsonObject] = {"type": "boolean"}
_NUMBER: Final[JsonObject] = {"type": "integer"}
_INSTANT: Final[JsonObject] = {"type": "string", "format": "date-time"}
_FORM: Final = "application/x-www-form-urlencoded"
_GONE: Final = Answer("It is gone.")


def _closed(**properties: Json) -> JsonObject:
    return object_schema(properties, required=tuple(properties), closed=True)


_APP: Final = _closed(
    client_id=TEXT,
    label=TEXT,
    active=_FLAG,
    public=_FLAG,
    secret_since=or_null(_INSTANT),
    people=_NUMBER,
)
_MY_APP: Final = _closed(
    client_id=TEXT, label=TEXT, scopes=list_schema(TEXT), since=_INSTANT, used_at=_INSTANT
)
_REFUSED: Final = Answer(
    "Refused, in the shape of RFC 6749.", _closed(error=TEXT, error_description=TEXT)
)
_CLIENT: Final = {"client_id": TEXT, "client_secret": TEXT}
_ONE_TOKEN: Final = Body(
    object_schema({"token": TEXT, **_CLIENT}, required=("token",)),
    {"token": "fst_…", "client_id": "Mail_Sync"},
    media_type=_FORM,
)
_REFUSALS: Final = {400: _REFUSED, 401: _REFUSED}

OAUTH_OPERATIONS: Final[Mapping[str, Operation]] = {
    "POST /oauth/token": Operation(
        _OAUTH,
        {
            200: Answer(
                "The tokens.",
                object_schema(
                    {
                        "access_token": TEXT,
                        "token_type": TEXT,
                        "expires_in": _NUMBER,
                        "scope": TEXT,
                        "refresh_token": TEXT,
                    },
                    required=("access_token", "token_type", "expires_in", "scope"),
                    closed=True,
                ),
            ),
            **_REFUSALS,
        },
        body=Body(
            object_schema(
                {
                    "grant_type": TEXT,
                    "code": TEXT,
                    "redirect_uri": TEXT,
                    "code_verifier": TEXT,
                    "refresh_token": TEXT,
                    "assertion": TEXT,
                    "scope": TEXT,
                    **_CLIENT,
                },
                required=("grant_type",),
            ),
            {"grant_type": "client_credentials", "client_id": "Mail_Sync"},
            media_type=_FORM,
        ),
        refuses=(413, 429),
    ),
    "POST /oauth/revoke": Operation(
        _OAUTH,
        {200: Answer("It is worth nothing any more."), **_REFUSALS},
        body=_ONE_TOKEN,
        refuses=(413, 429),
    ),
    "POST /oauth/introspect": Operation(
        _OAUTH,
        {
            200: Answer(
                "What it stands for.", object_schema({"active": _FLAG}, required=("active",))
            ),
            **_REFUSALS,
        },
        body=_ONE_TOKEN,
        refuses=(413, 429),
    ),
    "GET /.well-known/oauth-authorization-server": Operation(
        _OAUTH,
        {200: Answer("What the server can.", object_schema({"issuer": TEXT}))},
    ),
    "GET /connected-apps": Operation(
        _APPS, {200: Answer("The connected apps.", _closed(apps=list_schema(_APP)))}
    ),
    "POST /connected-apps/{name}/secret": Operation(
        _APPS, {201: Answer("The secret, told this once.", _closed(client_secret=TEXT))}
    ),
    "DELETE /connected-apps/{name}/secret": Operation(_APPS, {204: _GONE}),
    "DELETE /connected-apps/{name}/grants": Operation(_APPS, {204: _GONE}),
    "GET /my-apps": Operation(
        _APPS,
        {200: Answer("The programs that you allowed.", _closed(apps=list_schema(_MY_APP)))},
    ),
    "DELETE /my-apps/{name}": Operation(_APPS, {204: _GONE}),
    "POST /service-users": Operation(
        _SERVICE,
        {201: Answer("The service user.", _closed(id=TEXT, email=TEXT))},
        body=Body(
            object_schema({"name": TEXT, "is_administrator": or_null(_FLAG)}, required=("name",)),
            {"name": "Nightly sync"},
        ),
        refuses=(409, 413, 422),
    ),
    "GET /people/{id}/tokens": Operation(
        _SERVICE,
        {200: Answer("The tokens, without their texts.", _closed(tokens=list_schema(TOKEN)))},
        refuses=(409,),
    ),
    "POST /people/{id}/tokens": Operation(
        _SERVICE,
        {201: Answer("The token, told this once.", _closed(id=TEXT, token=TEXT))},
        body=Body(TOKEN_WISH, {"name": "nightly sync", "scopes": ["records:read"]}),
        refuses=(409, 413, 422),
    ),
    "DELETE /people/{id}/tokens/{token}": Operation(_SERVICE, {204: _GONE}, refuses=(409,)),
}
