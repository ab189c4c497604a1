"""What the document says of the endpoints for second factors, passkeys and one's own account."""

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
from fieldstone.metadata.values import Json, JsonObject

_STEP: Final = "Second factors"
_ACCOUNT: Final = "Your account"
_REFUSES: Final = (413, 422, 429)
_FLAG: Final[JsonObject] = {"type": "boolean"}
_INSTANT: Final[JsonObject] = {"type": "string", "format": "date-time"}
_TOKEN: Final = "fsh_…"  # noqa: S105 - how a token begins
_ANYTHING: Final[JsonObject] = {"type": "object"}
_CODES: Final = list_schema(TEXT)


def _closed(**properties: Json) -> JsonObject:
    return object_schema(properties, required=tuple(properties), closed=True)


_VIEWER: Final = _closed(id=or_null(TEXT), name=TEXT, may_set_up=_FLAG)
_OPENED: Final = _closed(viewer=_VIEWER, expires_at=_INSTANT)
_ENROLLED: Final = _closed(viewer=_VIEWER, expires_at=_INSTANT, recovery_codes=_CODES)
_KEY: Final = _closed(key=TEXT, address=TEXT, picture=TEXT)
_OPTIONS: Final = _closed(options=_ANYTHING)
_BEGUN: Final = _closed(token=TEXT, options=_ANYTHING)
_PASSKEY: Final = _closed(
    id=TEXT,
    name=TEXT,
    site=TEXT,
    is_synced=_FLAG,
    created_at=_INSTANT,
    used_at=or_null(_INSTANT),
)
_EVENTS: Final = Answer(
    "A page of what happened.",
    _closed(
        events=list_schema(
            _closed(
                id=TEXT,
                at=_INSTANT,
                what=TEXT,
                actor=or_null(TEXT),
                details=_ANYTHING,
                address=TEXT,
            )
        ),
        next=or_null(TEXT),
    ),
)
_BY_TOKEN: Final = Body(object_schema({"token": TEXT}, required=("token",)), {"token": _TOKEN})
_PROOF: Final = object_schema({"token": TEXT, "code": TEXT, "credential": _ANYTHING})
_ENROLMENT: Final = object_schema(
    {"token": TEXT, "code": TEXT, "credential": _ANYTHING, "name": TEXT}, required=("token",)
)
_GONE: Final = Answer("It is gone.")

ACCOUNT_OPERATIONS: Final[Mapping[str, Operation]] = {
    "POST /session/second": Operation(
        _STEP,
        {200: Answer("Signed in; a cookie is set.", _OPENED)},
        body=Body(_PROOF, {"token": _TOKEN, "code": "123456"}),
        refuses=_REFUSES,
    ),
    "POST /session/second/options": Operation(
        _STEP,
        {200: Answer("What navigator.credentials.get() takes.", _OPTIONS)},
        body=_BY_TOKEN,
        refuses=(413, 422),
    ),
    "POST /session/passkey/options": Operation(
        _STEP,
        {200: Answer("What navigator.credentials.get() takes.", _BEGUN)},
        refuses=(422, 429),
    ),
    "POST /session/passkey": Operation(
        _STEP,
        {200: Answer("Signed in; a cookie is set.", _OPENED)},
        body=Body(
            object_schema(
                {"token": TEXT, "credential": _ANYTHING}, required=("token", "credential")
            ),
            {"token": _TOKEN, "credential": {}},
        ),
        refuses=_REFUSES,
    ),
    "POST /session/enrol": Operation(
        _STEP,
        {200: Answer("Signed in; a cookie is set, and codes are told this once.", _ENROLLED)},
        body=Body(_ENROLMENT, {"token": _TOKEN, "code": "123456"}),
        refuses=(409, *_REFUSES),
    ),
    "POST /session/enrol/authenticator": Operation(
        _STEP,
        {201: Answer("A key for an authenticator app.", _KEY)},
        body=_BY_TOKEN,
        refuses=(413, 422),
    ),
    "POST /session/enrol/passkey": Operation(
        _STEP,
        {200: Answer("What navigator.credentials.create() takes.", _OPTIONS)},
        body=_BY_TOKEN,
        refuses=(413, 422),
    ),
    "POST /session/proof": Operation(
        _STEP,
        {204: Answer("For ten minutes the session counts as just proved.")},
        body=Body(
            object_schema({"password": TEXT, "code": TEXT, "token": TEXT, "credential": _ANYTHING}),
            {"code": "123456"},
        ),
        refuses=_REFUSES,
    ),
    "POST /session/proof/options": Operation(
        _STEP,
        {200: Answer("What navigator.credentials.get() takes.", _BEGUN)},
        refuses=(422,),
    ),
    "GET /account": Operation(
        _ACCOUNT,
        {
            200: Answer(
                "How you get in.",
                _closed(
                    email=TEXT,
                    second_factor_needed=_FLAG,
                    authenticator_at=or_null(_INSTANT),
                    passkeys=list_schema(_PASSKEY),
                    recovery_codes_left=COUNT,
                    proved_until=or_null(_INSTANT),
                    acting_until=or_null(_INSTANT),
                    language=or_null(TEXT),
                ),
            )
        },
    ),
    "PATCH /account": Operation(
        _ACCOUNT,
        {204: Answer("You see labels in this language from now on.")},
        body=Body(
            object_schema({"language": or_null(TEXT)}, required=("language",)), {"language": "de"}
        ),
        refuses=(413, 422),
    ),
    "POST /account/authenticator": Operation(
        _ACCOUNT, {201: Answer("A key for an authenticator app.", _KEY)}
    ),
    "DELETE /account/authenticator": Operation(_ACCOUNT, {204: _GONE}, refuses=(422,)),
    "POST /account/authenticator/confirm": Operation(
        _ACCOUNT,
        {200: Answer("Recovery codes, where there were none.", _closed(recovery_codes=_CODES))},
        body=Body(object_schema({"code": TEXT}, required=("code",)), {"code": "123456"}),
        refuses=(413, 422),
    ),
    "POST /account/passkey-options": Operation(
        _ACCOUNT,
        {200: Answer("What navigator.credentials.create() takes.", _BEGUN)},
        refuses=(422,),
    ),
    "POST /account/passkeys": Operation(
        _ACCOUNT,
        {
            201: Answer(
                "It is kept; recovery codes, where there were none.",
                _closed(id=TEXT, recovery_codes=_CODES),
            )
        },
        body=Body(
            object_schema(
                {"token": TEXT, "credential": _ANYTHING, "name": TEXT},
                required=("token", "credential"),
            ),
            {"token": _TOKEN, "credential": {}, "name": "Laptop"},
        ),
        refuses=(409, 413, 422),
    ),
    "PATCH /account/passkeys/{id}": Operation(
        _ACCOUNT,
        {204: Answer("It is called so.")},
        body=Body(object_schema({"name": TEXT}, required=("name",)), {"name": "Old laptop"}),
        refuses=(413, 422),
    ),
    "DELETE /account/passkeys/{id}": Operation(_ACCOUNT, {204: _GONE}, refuses=(422,)),
    "POST /account/recovery-codes": Operation(
        _ACCOUNT,
        {201: Answer("New ones, told this once.", _closed(recovery_codes=_CODES))},
        refuses=(409,),
    ),
    "POST /account/acting": Operation(
        _ACCOUNT,
        {200: Answer("Until when it holds.", _closed(acting_until=_INSTANT))},
        body=Body(object_schema({"hours": COUNT}, required=("hours",)), {"hours": 24}),
        refuses=(413, 422),
    ),
    "DELETE /account/acting": Operation(_ACCOUNT, {204: Answer("Nobody acts as you any more.")}),
    "POST /people/{id}/acting": Operation(
        "People", {200: Answer("A cookie of a session in which you act as them.", _OPENED)}
    ),
    "DELETE /session/acting": Operation(
        "People",
        {
            200: Answer("You are yourself again; a cookie is set.", _OPENED),
            204: Answer("Your own session has ended meanwhile."),
        },
        refuses=(409,),
    ),
    "GET /account/events": Operation(_ACCOUNT, {200: _EVENTS}, ("limit", "cursor"), refuses=(422,)),
    "GET /people/{id}/events": Operation(
        "People", {200: _EVENTS}, ("limit", "cursor"), refuses=(422,)
    ),
}
