"""What the document says of the endpoints for metadata, tenants and the server itself."""

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
    schema_ref,
)
from fieldstone.api.openapi_shapes import COUNT, TEXT
from fieldstone.metadata.values import JsonObject

_TAG: Final = "Objects and fields"
_PLATFORM: Final = "Platform"
_DOCUMENT: Final = "This document"
_CHANGES: Final = (409, 413, 422)
_SHOWN: Final = Answer("The object as it is now.", schema_ref("api.ShownObject"))
_PROJECT: Final[JsonObject] = {
    "name": "Project",
    "plural_name": "Projects",
    "fields": [
        {"name": "name", "type": "text", "required": True},
        {"name": "status", "type": "picklist", "options": ["Planning", "Active", "Complete"]},
        {"name": "account", "type": "lookup", "references": "Account"},
    ],
}
_CREATED: Final[Mapping[str, JsonObject]] = {"id": TEXT, "status": {"const": "created"}}
_HTML: Final = "text/html"
_COMPONENT: Final = object_schema({"name": TEXT}, required=("name",))
_LINES: Final = (
    *("name", "currency", "time_zone", "locale", "street", "city", "state", "postal_code"),
    *("country", "phone", "language", "second_factor", "acting"),
)
_ORGANIZATION: Final = Answer(
    "The organization as it is now.",
    object_schema(
        {**dict.fromkeys((*_LINES, "tenant"), TEXT), "fiscal_month": COUNT},
        required=(*_LINES, "tenant", "fiscal_month"),
        closed=True,
    ),
)

SETUP_OPERATIONS: Final[Mapping[str, Operation]] = {
    "POST /objects": Operation(
        _TAG,
        {
            201: Answer(
                "It is defined.",
                object_schema(
                    {**_CREATED, "fields_created": COUNT},
                    required=("id", "status", "fields_created"),
                    closed=True,
                ),
                example={"id": "Project__c", "status": "created", "fields_created": 3},
            )
        },
        body=Body(schema_ref("api.Object"), _PROJECT),
        refuses=_CHANGES,
    ),
    "GET /objects": Operation(
        _TAG,
        {
            200: Answer(
                "Every object that the viewer may see.",
                object_schema(
                    {"objects": list_schema(schema_ref("api.ObjectLine")), "total": COUNT},
                    required=("objects", "total"),
                    closed=True,
                ),
            )
        },
    ),
    "GET /objects/{object}": Operation(
        _TAG, {200: Answer("The object.", schema_ref("api.ShownObject"))}
    ),
    "PATCH /objects/{object}": Operation(
        _TAG,
        {200: _SHOWN},
        body=Body(schema_ref("api.ObjectChange"), {"label": "Customer project"}),
        refuses=_CHANGES,
    ),
    "DELETE /objects/{object}": Operation(
        _TAG, {204: Answer("It lies in the bin.")}, refuses=(409, 422)
    ),
    "POST /objects/{object}/restore": Operation(_TAG, {200: _SHOWN}, refuses=(409, 422)),
    "POST /objects/{object}/fields": Operation(
        _TAG,
        {
            201: Answer(
                "It is defined.",
                object_schema(_CREATED, required=("id", "status"), closed=True),
                example={"id": "Project__c.budget", "status": "created"},
            )
        },
        body=Body(schema_ref("api.Field"), {"name": "budget", "type": "currency"}),
        refuses=_CHANGES,
    ),
    "PATCH /objects/{object}/fields/{field}": Operation(
        _TAG,
        {200: _SHOWN},
        body=Body(schema_ref("api.FieldChange"), {"label": "Budget of this year"}),
        refuses=_CHANGES,
    ),
    "DELETE /objects/{object}/fields/{field}": Operation(
        _TAG, {204: Answer("It lies in the bin; its values stay.")}, refuses=(409, 422)
    ),
    "POST /objects/{object}/fields/{field}/restore": Operation(
        _TAG, {200: _SHOWN}, refuses=(409, 422)
    ),
    "GET /metadata/components/{kind}": Operation(
        _TAG,
        {
            200: Answer(
                "A page of components.",
                object_schema(
                    {"components": list_schema(_COMPONENT), "next": or_null(COUNT)},
                    required=("components", "next"),
                    closed=True,
                ),
            )
        },
        ("limit", "cursor"),
        refuses=(422,),
    ),
    "POST /metadata/components/{kind}": Operation(
        _TAG,
        {201: Answer("It is declared.", _COMPONENT)},
        body=Body(_COMPONENT, {"name": "Colour", "label": "Colour", "options": ["Red", "Blue"]}),
        refuses=_CHANGES,
    ),
    "GET /metadata/components/{kind}/{name}": Operation(
        _TAG, {200: Answer("The component.", _COMPONENT)}, refuses=(422,)
    ),
    "PUT /metadata/components/{kind}/{name}": Operation(
        _TAG,
        {200: Answer("The component as it is now.", _COMPONENT)},
        body=Body({"type": "object"}, {"label": "Colour", "options": ["Red", "Green"]}),
        refuses=_CHANGES,
    ),
    "DELETE /metadata/components/{kind}/{name}": Operation(
        _TAG, {204: Answer("It lies in the bin.")}, refuses=(409, 422)
    ),
    "POST /metadata/components/{kind}/{name}/restore": Operation(
        _TAG, {200: Answer("The component as it is now.", _COMPONENT)}, refuses=(409, 422)
    ),
    "GET /metadata/schemas": Operation(
        _TAG,
        {
            200: Answer(
                "The schemas by the names of the kinds.",
                object_schema({"schemas": {"type": "object"}}, required=("schemas",), closed=True),
            )
        },
    ),
    "GET /metadata/schemas/{kind}": Operation(
        _TAG, {200: Answer("The schema.", {"type": "object"})}, refuses=(422,)
    ),
    "GET /organization": Operation(_TAG, {200: _ORGANIZATION}),
    "PATCH /organization": Operation(
        _TAG,
        {200: _ORGANIZATION},
        body=Body({"type": "object"}, {"time_zone": "Europe/Berlin", "fiscal_month": 4}),
        refuses=_CHANGES,
    ),
    "GET /healthz": Operation(
        _PLATFORM, {200: Answer("It serves.", TEXT, media_type="text/plain")}
    ),
    "GET /openapi.json": Operation(
        _DOCUMENT,
        {
            200: Answer("The document.", {"type": "object"}, ("ETag",)),
            304: Answer("The copy at hand is the newest."),
        },
        ("if_none_match",),
    ),
    "GET /docs": Operation(_DOCUMENT, {200: Answer("A page for people.", TEXT, media_type=_HTML)}),
    "GET /docs/{object}": Operation(
        _DOCUMENT, {200: Answer("A page for people.", TEXT, media_type=_HTML)}
    ),
    "GET /docs/style.css": Operation(
        _DOCUMENT, {200: Answer("How the pages look.", TEXT, media_type="text/css")}
    ),
}
