"""What the document says of the endpoints for territories."""

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

_TAG: Final = "Sharing"


def _closed(**properties: Json) -> JsonObject:
    return object_schema(properties, required=tuple(properties), closed=True)


_HELD: Final = _closed(held=COUNT, capacity=or_null(COUNT))
_TERRITORY: Final = _closed(
    name=TEXT,
    label=TEXT,
    parent=or_null(TEXT),
    depth=COUNT,
    active={"type": "boolean"},
    people=COUNT,
    records={"type": "object", "additionalProperties": _HELD},
)
_USER: Final = _closed(id=TEXT, name=or_null(TEXT))
_JOBS: Final = _closed(jobs=list_schema(_closed(job=COUNT, url=TEXT)))
_RECORD: Final = _closed(
    id=TEXT,
    name=or_null(TEXT),
    by_rule={"type": "boolean"},
    access={"enum": ["read", "edit"]},
    since={"type": "string", "format": "date-time"},
)
_MOVE: Final = _closed(name=TEXT, label=TEXT, held=COUNT, would_hold=COUNT, capacity=or_null(COUNT))
_FORESEEN: Final = _closed(
    object=TEXT,
    looked_at=COUNT,
    complete={"type": "boolean"},
    given=COUNT,
    taken=COUNT,
    without=COUNT,
    territories=list_schema(_MOVE),
    words=list_schema(TEXT),
)
_COMPONENTS: Final = list_schema({"type": "object"})

TERRITORY_OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /territories": Operation(
        _TAG,
        {
            200: Answer(
                "A page of them, each followed by those within it.",
                _closed(territories=list_schema(_TERRITORY), next=or_null(TEXT)),
            )
        },
        parameters=("limit", "cursor"),
        refuses=(422,),
    ),
    "POST /territories/assign": Operation(_TAG, {202: Answer("The jobs that do it.", _JOBS)}),
    "POST /territories/preview": Operation(
        _TAG,
        {200: Answer("What would move.", _closed(objects=list_schema(_FORESEEN)))},
        body=Body(
            object_schema(
                {"components": _COMPONENTS, "removals": _COMPONENTS, "object": or_null(TEXT)},
                closed=True,
            ),
            {"object": "Company"},
            required=False,
        ),
        refuses=(409, 413, 422),
    ),
    "GET /territories/{name}/records": Operation(
        _TAG,
        {200: Answer("A page.", _closed(records=list_schema(_RECORD), next=or_null(TEXT)))},
        parameters=("held_object", "limit", "cursor"),
        refuses=(422,),
    ),
    "GET /territories/{name}/people": Operation(
        _TAG,
        {200: Answer("A page.", _closed(people=list_schema(_USER), next=or_null(TEXT)))},
        parameters=("limit", "cursor"),
        refuses=(422,),
    ),
    "POST /territories/{name}/people": Operation(
        _TAG,
        {200: Answer("How many did not work in it.", _closed(added=COUNT))},
        body=Body(_closed(users=list_schema(TEXT)), {"users": ["user_54f8b6e78401"]}),
        refuses=(409, 413, 422),
    ),
    "DELETE /territories/{name}/people/{user}": Operation(
        _TAG, {204: Answer("It is gone.")}, refuses=(422,)
    ),
}
