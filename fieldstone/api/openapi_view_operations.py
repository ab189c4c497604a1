"""What the document says of the endpoints for list views."""

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

_TAG: Final = "Views"
_FLAG: Final[JsonObject] = {"type": "boolean"}
_TEXTS: Final = list_schema(TEXT)
_SORT: Final = list_schema(object_schema({"path": TEXT, "descending": _FLAG}, required=("path",)))
_SCOPE: Final[JsonObject] = {"enum": ["everything", "mine"]}
_SAID: Final[dict[str, Json]] = {
    "label": TEXT,
    "columns": _TEXTS,
    "scope": _SCOPE,
    "sort": _SORT,
    "description": TEXT,
}
_SHOWN: Final = {"name": TEXT, "object": TEXT, "personal": _FLAG, "query": TEXT, **_SAID}
_VIEW: Final = object_schema(
    {**_SHOWN, "where": or_null(TEXT), "permission_sets": _TEXTS, "roles": _TEXTS},
    required=(*_SHOWN, "where"),
    closed=True,
)
_CHANGE: Final = object_schema(
    {
        **_SAID,
        "name": TEXT,
        "personal": _FLAG,
        "where": {"type": ["string", "object", "null"]},
        "permission_sets": _TEXTS,
        "roles": _TEXTS,
    }
)
_EXAMPLE: Final[JsonObject] = {
    "label": "Large deals",
    "columns": ["name", "company.industry", "value"],
    "where": "value > 100000",
    "sort": [{"path": "value", "descending": True}],
}
_ADDRESS: Final = "/objects/{object}/views"

VIEW_OPERATIONS: Final[Mapping[str, Operation]] = {
    f"GET {_ADDRESS}": Operation(
        _TAG,
        {
            200: Answer(
                "The views.",
                object_schema({"views": list_schema(_VIEW)}, required=("views",), closed=True),
            )
        },
    ),
    f"POST {_ADDRESS}": Operation(
        _TAG,
        {201: Answer("It is kept.", _VIEW)},
        body=Body(_CHANGE, _EXAMPLE),
        refuses=(409, 413, 422),
    ),
    f"GET {_ADDRESS}/{{view}}": Operation(_TAG, {200: Answer("The view.", _VIEW)}),
    f"PATCH {_ADDRESS}/{{view}}": Operation(
        _TAG,
        {200: Answer("The view as it is now.", _VIEW)},
        body=Body(_CHANGE, {"label": "Very large deals", "where": "value > 500000"}),
        refuses=(409, 413, 422),
    ),
    f"DELETE {_ADDRESS}/{{view}}": Operation(
        _TAG, {204: Answer("It is deleted.")}, refuses=(409, 422)
    ),
    f"GET {_ADDRESS}/{{view}}/records": Operation(
        _TAG,
        {
            200: Answer(
                "A page of records, with the columns of the view.",
                object_schema(
                    {"records": list_schema({"type": "object"}), "next": or_null(TEXT)},
                    required=("records", "next"),
                    closed=True,
                ),
            )
        },
        ("limit", "cursor"),
        refuses=(422,),
    ),
}
