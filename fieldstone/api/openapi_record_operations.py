"""What the document says of the endpoints for records and queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldstone.api.openapi_objects import create_schema, many_of, wrapped_many_of
from fieldstone.api.openapi_operation import (
    Answer,
    Body,
    Operation,
    list_schema,
    object_schema,
    schema_ref,
)
from fieldstone.api.openapi_shapes import COUNT, CURSOR, RECORD_ID, TOTAL
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.values import JsonObject
from fieldstone.runtime.exports import Format

_TAG: Final = "Records"
_ROWS_OR_FOUND: Final[JsonObject] = {"anyOf": [schema_ref("api.Rows"), schema_ref("api.Found")]}
_LISTS: Final = ("fields", "where", "order_by", "limit", "cursor", "count", "as_of")
_ONCE: Final = "idempotency_key"
_RECORD: Final = schema_ref("api.Record")
_VALUES: Final = schema_ref("api.Values")
_MANY: Final[JsonObject] = {"anyOf": [many_of(_VALUES), wrapped_many_of(_VALUES)]}
_ANY: Final[JsonObject] = {"anyOf": [_VALUES, *_MANY["anyOf"]]}  # type: ignore[misc]
_RESULTS: Final = Answer("What became of each record.", schema_ref("api.Results"))
_WRITES: Final = (409, 413, 422)
_EXAMPLE: Final[JsonObject] = {"first_name": "Alice", "last_name": "Smith"}
_DELETED: Final = Answer(
    "The record lies in the bin.",
    object_schema(
        {
            "id": RECORD_ID,
            "deleted": {"const": True},
            "deleted_along": {**COUNT, "description": "How many other records went with it."},
        },
        required=("id", "deleted", "deleted_along"),
        closed=True,
    ),
)

_ASKED: Final = ("q", "query_params", "cursor", "answer_format", "headers", "end")
_ANSWER: Final = Answer(
    "A page of the answer, or all of it as a stream; of FIND, what is found.",
    _ROWS_OR_FOUND,
    file_types=tuple(kind.media_type for kind in Format),
)

RECORD_OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /records/{object}": Operation(
        _TAG,
        {
            200: Answer(
                "A page of records.",
                object_schema(
                    {"records": list_schema(_RECORD), "next": CURSOR, "total": TOTAL},
                    required=("records", "next"),
                    closed=True,
                ),
            )
        },
        _LISTS,
        refuses=(422,),
    ),
    "POST /records/{object}": Operation(
        _TAG,
        {201: Answer("The new record.", _RECORD), 200: _RESULTS},
        (_ONCE,),
        Body(_ANY, _EXAMPLE),
        _WRITES,
    ),
    "PATCH /records/{object}": Operation(
        _TAG,
        {200: _RESULTS},
        (_ONCE,),
        Body(_MANY, [{"id": "contact_1563a2f0c401000", "version": 3, "title": "Director"}]),
        _WRITES,
    ),
    "DELETE /records/{object}": Operation(
        _TAG,
        {
            200: Answer(
                "They lie in the bin.",
                object_schema({"deleted": COUNT}, required=("deleted",), closed=True),
            )
        },
        ("ids", _ONCE),
        refuses=(409, 422),
    ),
    "POST /records/{object}/upsert": Operation(
        _TAG,
        {200: _RESULTS},
        ("key", _ONCE),
        Body(_MANY, [{"external_id": "A-17", "last_name": "Smith"}]),
        _WRITES,
    ),
    "PUT /records/{object}/by/{field}/{value}": Operation(
        _TAG,
        {200: Answer("The changed record.", _RECORD), 201: Answer("The new record.", _RECORD)},
        (_ONCE,),
        Body(_VALUES, _EXAMPLE),
        _WRITES,
    ),
    "GET /records/{object}/{id}": Operation(
        _TAG, {200: Answer("The record.", _RECORD, ("ETag",))}, ("fields", "as_of"), refuses=(422,)
    ),
    "PATCH /records/{object}/{id}": Operation(
        _TAG,
        {200: Answer("The changed record.", _RECORD)},
        ("if_match", _ONCE),
        Body(_VALUES, {"title": "Director"}),
        _WRITES,
    ),
    "DELETE /records/{object}/{id}": Operation(
        _TAG, {200: _DELETED}, ("if_match", _ONCE), refuses=(409, 422)
    ),
    "POST /records/{object}/{id}/restore": Operation(
        _TAG,
        {
            200: Answer(
                "It is back.",
                object_schema(
                    {"id": RECORD_ID, "restored": COUNT}, required=("id", "restored"), closed=True
                ),
            )
        },
        (_ONCE,),
        refuses=(409, 422),
    ),
    "GET /records/{object}/{id}/history": Operation(
        _TAG,
        {
            200: Answer(
                "What changed.",
                object_schema(
                    {"changes": list_schema(schema_ref("api.Change")), "next": CURSOR},
                    required=("changes", "next"),
                    closed=True,
                ),
            )
        },
        ("limit", "cursor"),
        refuses=(422,),
    ),
    "GET /query": Operation(
        "Queries",
        {200: _ANSWER},
        _ASKED,
        Body(schema_ref("api.Question"), {"object": "Deal", "fields": ["name"]}, required=False),
        (413, 422),
    ),
    "POST /query": Operation(
        "Queries",
        {200: _ANSWER},
        _ASKED,
        Body(
            schema_ref("api.Question"),
            {
                "object": "Deal",
                "fields": ["name", "amount"],
                "where": {"field": "stage", "op": "=", "value": "Won"},
            },
            required=False,
        ),
        (413, 422),
    ),
    "POST /query/translate": Operation(
        "Queries",
        {200: Answer("Both forms.", schema_ref("api.Translated"))},
        body=Body(schema_ref("api.Translation"), {"filter": "amount > 1000"}),
        refuses=(413, 422),
    ),
}


def shortcut_operations(obj: ObjectDef) -> Mapping[str, Operation]:
    """Give what is said of an object's short addresses, by method and what stands behind it."""
    read = schema_ref(obj.name)
    return {
        "GET /{plural}": Operation(
            obj.plural_label,
            {200: Answer(f"A page of {obj.plural_label}.", schema_ref(f"{obj.name}.page"))},
            _LISTS,
            refuses=(422,),
            name=f"list_{obj.slug}",
        ),
        "POST /{plural}": Operation(
            obj.plural_label,
            {201: Answer("The new record.", read), 200: _RESULTS},
            (_ONCE,),
            Body(create_schema(obj)),
            _WRITES,
            name=f"create_{obj.slug}",
        ),
        "GET /{plural}/{id}": Operation(
            obj.plural_label,
            {200: Answer("The record.", read, ("ETag",))},
            refuses=(422,),
            name=f"get_{obj.slug}",
        ),
        "PATCH /{plural}/{id}": Operation(
            obj.plural_label,
            {200: Answer("The changed record.", read)},
            ("if_match", _ONCE),
            Body(schema_ref(f"{obj.name}.change")),
            _WRITES,
            name=f"change_{obj.slug}",
        ),
        "DELETE /{plural}/{id}": Operation(
            obj.plural_label,
            {200: _DELETED},
            ("if_match", _ONCE),
            refuses=(409, 422),
            name=f"delete_{obj.slug}",
        ),
    }
