"""What the document says of the endpoints for teams, roles of people and shares of records."""

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
from fieldstone.metadata.sharing import Level, PartyKind, Sharing
from fieldstone.metadata.values import Json, JsonObject

_TAG: Final = "Sharing"
_CHANGES: Final = (409, 413, 422)
_GONE: Final = Answer("It is gone.")
_FLAG: Final[JsonObject] = {"type": "boolean"}
_LEVEL: Final[JsonObject] = {"enum": [level.word for level in Level]}


def _closed(**properties: Json) -> JsonObject:
    return object_schema(properties, required=tuple(properties), closed=True)


_TEAM: Final = _closed(id=TEXT, name=TEXT, description=TEXT, parent=or_null(TEXT), people=COUNT)
_TEAM_SAID: Final[dict[str, Json]] = {
    "name": TEXT,
    "description": TEXT,
    "parent": or_null(TEXT),
}
_USER: Final = _closed(id=TEXT, name=or_null(TEXT))
_PARTY: Final = _closed(id=TEXT, kind={"enum": [str(one) for one in PartyKind]}, name=TEXT)
_SHARE: Final = object_schema(
    {
        "with": _PARTY,
        "access": _LEVEL,
        "along": list_schema(TEXT),
        "reason": TEXT,
        "at": or_null({"type": "string", "format": "date-time"}),
        "by": or_null(TEXT),
    },
    required=("with", "access", "along", "reason", "at", "by"),
    closed=True,
)
_SHARES: Final = _closed(
    sharing={"enum": [str(one) for one in Sharing]},
    along=list_schema(TEXT),
    shares=list_schema(_SHARE),
)
_PLACED: Final = _closed(name=TEXT, label=TEXT, parent=or_null(TEXT), depth=COUNT, people=COUNT)
_ROLE: Final = _closed(role=or_null(TEXT))
_RECORD: Final = "/records/{object}/{id}"

SHARING_OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /teams": Operation(
        _TAG,
        {200: Answer("A page of teams.", _closed(teams=list_schema(_TEAM), next=or_null(TEXT)))},
        parameters=("q", "limit", "cursor"),
        refuses=(422,),
    ),
    "POST /teams": Operation(
        _TAG,
        {201: Answer("The new team.", _TEAM)},
        body=Body(object_schema(_TEAM_SAID, required=("name",)), {"name": "Partners"}),
        refuses=_CHANGES,
    ),
    "GET /teams/{id}": Operation(_TAG, {200: Answer("The team.", _TEAM)}),
    "PATCH /teams/{id}": Operation(
        _TAG,
        {200: Answer("The team as it is now.", _TEAM)},
        body=Body(object_schema(_TEAM_SAID), {"name": "Partners in the north"}),
        refuses=_CHANGES,
    ),
    "DELETE /teams/{id}": Operation(_TAG, {204: _GONE}, refuses=(409,)),
    "GET /teams/{id}/people": Operation(
        _TAG,
        {200: Answer("A page.", _closed(people=list_schema(_USER), next=or_null(TEXT)))},
        parameters=("limit", "cursor"),
        refuses=(422,),
    ),
    "POST /teams/{id}/people": Operation(
        _TAG,
        {200: Answer("How many were not in it.", _closed(added=COUNT))},
        body=Body(_closed(users=list_schema(TEXT)), {"users": ["user_54f8b6e78401"]}),
        refuses=_CHANGES,
    ),
    "DELETE /teams/{id}/people/{user}": Operation(_TAG, {204: _GONE}, refuses=(422,)),
    "GET /roles": Operation(
        _TAG,
        {
            200: Answer(
                "A page of the tree, each role followed by those below it.",
                _closed(roles=list_schema(_PLACED), next=or_null(TEXT)),
            )
        },
        parameters=("limit", "cursor"),
        refuses=(422,),
    ),
    "GET /roles/{name}/people": Operation(
        _TAG,
        {200: Answer("A page.", _closed(people=list_schema(_USER), next=or_null(TEXT)))},
        parameters=("limit", "cursor"),
        refuses=(422,),
    ),
    "GET /people/{id}/role": Operation(_TAG, {200: Answer("The role.", _ROLE)}, refuses=(422,)),
    "PUT /people/{id}/role": Operation(
        _TAG,
        {200: Answer("The role.", _ROLE)},
        body=Body(_ROLE, {"role": "Sales_North"}),
        refuses=_CHANGES,
    ),
    f"GET {_RECORD}/shares": Operation(_TAG, {200: Answer("All shares.", _SHARES)}),
    f"POST {_RECORD}/shares": Operation(
        _TAG,
        {201: Answer("All shares as they are now.", _SHARES)},
        body=Body(
            object_schema(
                {
                    "with": {"type": "object"},
                    "access": _LEVEL,
                    "along": list_schema(TEXT),
                    "reason": TEXT,
                },
                required=("with",),
            ),
            {"with": {"team": "Partners"}, "access": "read", "along": ["Deal"]},
        ),
        refuses=_CHANGES,
    ),
    f"DELETE {_RECORD}/shares/{{with}}": Operation(_TAG, {204: _GONE}, refuses=(409,)),
    f"GET {_RECORD}/access": Operation(
        _TAG,
        {200: Answer("Why.", _closed(sees=_FLAG, edits=_FLAG, reason=TEXT, edit_reason=TEXT))},
        parameters=("of_user",),
        refuses=(422,),
    ),
}
