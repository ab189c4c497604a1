"""What the document says of the endpoints of operators, and of what a tenant uses."""

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
from fieldstone.metadata.values import Json, JsonObject

_PLATFORM: Final = "Platform"
_CHANGES: Final = (409, 413, 422)
_NUMBERS: Final[JsonObject] = {"type": "object", "additionalProperties": {"type": "integer"}}
_FLAGS: Final[JsonObject] = {"type": "object", "additionalProperties": {"type": "boolean"}}
_WORDS: Final[JsonObject] = {"type": "object", "additionalProperties": TEXT}


def _closed(**properties: Json) -> JsonObject:
    return object_schema(properties, required=tuple(properties), closed=True)


_TENANT_PARTS: Final[Mapping[str, Json]] = {
    "name": TEXT,
    "label": TEXT,
    "status": {"enum": ["active", "suspended", "deleted", "purging", "restoring"]},
    "reason": TEXT,
    "plan": TEXT,
    "limits": _NUMBERS,
    "features": _FLAGS,
    "created_at": TEXT,
    "deleted_at": or_null(TEXT),
}
_TENANT: Final = _closed(**_TENANT_PARTS)
_AS_IT_IS: Final = {200: Answer("The tenant as it is now.", _TENANT)}
_DELETED: Final = _closed(**_TENANT_PARTS, job=or_null(COUNT))
_EVENT: Final = _closed(what=TEXT, by=TEXT, at=TEXT, details={"type": "object"})
_PLAN: Final = _closed(name=TEXT, label=TEXT, limits=_NUMBERS, features=_FLAGS)
_TERMS: Final[Mapping[str, Json]] = {
    "label": TEXT,
    "limits": {"type": "object"},
    "features": {"type": "object"},
}
_TOKEN: Final = _closed(
    id=TEXT, name=TEXT, created_at=TEXT, used_at=or_null(TEXT), expires_at=or_null(TEXT)
)
_JOB: Final = {200: Answer("The job.", schema_ref("api.Job"))}

_USED: Final = _closed(
    name=TEXT,
    current=COUNT,
    limit=or_null(COUNT),
    share=or_null({"type": "number"}),
    state={"enum": ["ok", "near", "reached"]},
)
_DAY: Final = _closed(day=TEXT, meter=TEXT, value={"type": "integer"})
_USAGE_PARTS: Final[Mapping[str, Json]] = {
    "plan": TEXT,
    "usage": list_schema(_USED),
    "features": _FLAGS,
    "days": list_schema(_DAY),
}
_PROOF: Final = or_null({"type": "object"})

PLATFORM_OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /usage": Operation(
        "Objects and fields", {200: Answer("What is used.", _closed(**_USAGE_PARTS))}
    ),
    "GET /platform/tenants/{name}/usage": Operation(
        _PLATFORM,
        {200: Answer("What the tenant uses.", _closed(**_USAGE_PARTS, proof=_PROOF))},
        ("reconcile",),
        refuses=(422,),
    ),
    "GET /platform/tenants": Operation(
        _PLATFORM,
        {
            200: Answer(
                "A page of tenants.", _closed(tenants=list_schema(_TENANT), next=or_null(COUNT))
            )
        },
        ("limit", "cursor"),
        refuses=(422,),
    ),
    "POST /platform/tenants": Operation(
        _PLATFORM,
        {201: Answer("It is made.", _TENANT)},
        body=Body(
            object_schema(
                {"name": TEXT, "label": or_null(TEXT), "plan": or_null(TEXT)}, required=("name",)
            ),
            {"name": "acme", "label": "Acme Corp", "plan": "standard"},
        ),
        refuses=_CHANGES,
    ),
    "GET /platform/tenants/{name}": Operation(_PLATFORM, _AS_IT_IS),
    "PATCH /platform/tenants/{name}": Operation(
        _PLATFORM,
        _AS_IT_IS,
        body=Body(
            object_schema({**_TERMS, "plan": TEXT}),
            {"plan": "standard", "limits": {"records": 50000}, "features": {"as_of": False}},
        ),
        refuses=(413, 422),
    ),
    "DELETE /platform/tenants/{name}": Operation(
        _PLATFORM,
        {
            200: Answer("It is deleted, and can be brought back.", _DELETED),
            202: Answer("A job purges it.", _DELETED),
        },
        ("now",),
        refuses=_CHANGES,
    ),
    "POST /platform/tenants/{name}/suspend": Operation(
        _PLATFORM,
        _AS_IT_IS,
        body=Body(object_schema({"reason": TEXT}), {"reason": "The trial ended."}, required=False),
        refuses=_CHANGES,
    ),
    "POST /platform/tenants/{name}/resume": Operation(_PLATFORM, _AS_IT_IS, refuses=(409,)),
    "POST /platform/tenants/{name}/undelete": Operation(_PLATFORM, _AS_IT_IS, refuses=(409,)),
    "GET /platform/tenants/{name}/events": Operation(
        _PLATFORM,
        {
            200: Answer(
                "A page of what was done.", _closed(events=list_schema(_EVENT), next=or_null(TEXT))
            )
        },
        ("limit", "cursor"),
        refuses=(422,),
    ),
    "GET /archive": Operation(
        "Objects and fields",
        {200: Answer("The archive.", TEXT, media_type="application/zip")},
    ),
    "GET /platform/tenants/{name}/archive": Operation(
        _PLATFORM, {200: Answer("The archive.", TEXT, media_type="application/zip")}
    ),
    "POST /platform/tenants/{name}/restore": Operation(
        _PLATFORM,
        {
            201: Answer(
                "It is restored.",
                _closed(tenant=_TENANT, restored={"type": "object"}),
            )
        },
        body=Body(
            object_schema(
                {
                    "file": {"type": "string", "format": "binary"},
                    "label": TEXT,
                    "plan": TEXT,
                },
                required=("file",),
            ),
            media_type="multipart/form-data",
        ),
        refuses=_CHANGES,
    ),
    "GET /platform/plans": Operation(
        _PLATFORM,
        {
            200: Answer(
                "The plans.", _closed(plans=list_schema(_PLAN), limits=_WORDS, features=_WORDS)
            )
        },
    ),
    "PUT /platform/plans/{name}": Operation(
        _PLATFORM,
        {200: Answer("The plan as it is now.", _PLAN)},
        body=Body(
            object_schema(_TERMS),
            {"label": "Small", "limits": {"users": 10}, "features": {"as_of": False}},
        ),
        refuses=_CHANGES,
    ),
    "DELETE /platform/plans/{name}": Operation(
        _PLATFORM, {204: Answer("It is gone.")}, refuses=(409,)
    ),
    "GET /platform/tokens": Operation(
        _PLATFORM, {200: Answer("The tokens.", _closed(tokens=list_schema(_TOKEN)))}
    ),
    "POST /platform/tokens": Operation(
        _PLATFORM,
        {201: Answer("The token, told this once.", _closed(id=TEXT, token=TEXT))},
        body=Body(
            object_schema({"name": TEXT, "expires_at": or_null(TEXT)}, required=("name",)),
            {"name": "billing", "expires_at": "2030-01-31T00:00:00Z"},
        ),
        refuses=_CHANGES,
    ),
    "DELETE /platform/tokens/{id}": Operation(_PLATFORM, {204: Answer("It is taken back.")}),
    "GET /platform/jobs": Operation(
        _PLATFORM,
        {200: Answer("The newest jobs.", _closed(jobs=list_schema(schema_ref("api.Job"))))},
    ),
    "GET /platform/jobs/{id}": Operation(_PLATFORM, _JOB),
    "POST /platform/jobs/{id}/cancel": Operation(_PLATFORM, _JOB, refuses=(409,)),
}
