"""What the document says of the endpoints for quick actions, web links and apps."""

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
from fieldstone.api.openapi_shapes import TEXT
from fieldstone.metadata.values import Json, JsonObject

_TAG: Final = "Actions"
_FLAG: Final[JsonObject] = {"type": "boolean"}
_ANY: Final[JsonObject] = {"type": "object"}


def _closed(**properties: Json) -> JsonObject:
    return object_schema(properties, required=tuple(properties), closed=True)


_LINK: Final = _closed(
    name=TEXT,
    label=TEXT,
    url=TEXT,
    shown={"enum": ["link", "button"]},
    opens={"enum": ["new_tab", "same_tab"]},
    description=TEXT,
)
_ACTION: Final = _closed(
    name=TEXT,
    label=TEXT,
    action={"enum": ["create", "update"]},
    target=TEXT,
    reference=or_null(TEXT),
    fields=list_schema(TEXT),
    defaults=_ANY,
    description=TEXT,
)
_ACTIONS: Final = Answer("The actions.", _closed(actions=list_schema(_ACTION)))
_DONE: Final = _closed(object=TEXT, id=TEXT, message=TEXT)
_TAB: Final = _closed(name=TEXT, label=TEXT, icon=TEXT, object=or_null(TEXT), url=or_null(TEXT))
_APP: Final = _closed(
    name=TEXT, label=TEXT, description=TEXT, is_default=_FLAG, tabs=list_schema(_TAB)
)
_CARRIED_OUT: Final = Operation(
    _TAG,
    {
        200: Answer("It changed the record.", _DONE),
        201: Answer("It made a record.", _DONE),
    },
    body=Body(_ANY, {"subject": "Call back"}),
    refuses=(409, 413, 422),
)
_RECORD: Final = "/records/{object}/{id}"

ACTION_OPERATIONS: Final[Mapping[str, Operation]] = {
    f"GET {_RECORD}/links": Operation(
        _TAG, {200: Answer("The links.", _closed(links=list_schema(_LINK)))}
    ),
    f"GET {_RECORD}/actions": Operation(_TAG, {200: _ACTIONS}),
    f"POST {_RECORD}/actions/{{action}}": _CARRIED_OUT,
    "GET /actions": Operation(_TAG, {200: _ACTIONS}),
    "POST /actions/{action}": _CARRIED_OUT,
    "GET /apps": Operation(_TAG, {200: Answer("The apps.", _closed(apps=list_schema(_APP)))}),
}
