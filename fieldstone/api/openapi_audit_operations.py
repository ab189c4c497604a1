"""What the document says of the endpoints of the audit."""

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
from fieldstone.runtime.audit.exporting import AUDIT_FORMATS
from fieldstone.runtime.audit.kinds import AuditKind
from fieldstone.runtime.audit.redactions import Redaction

_TAG: Final = "Audit"
_PLATFORM: Final = "Platform"
_OF_PLATFORM: Final = ("audit_tenant", "audit_what", "audit_operator", "audit_from", "audit_until")
_ANYTHING: Final[JsonObject] = {"type": "object"}
_FILTERS: Final = (
    *("audit_kind", "audit_what", "audit_who", "audit_user", "audit_object", "audit_record"),
    *("audit_component", "audit_from", "audit_until"),
)
_FILE: Final[JsonObject] = {"type": "string", "contentMediaType": "application/octet-stream"}


def _closed(**properties: Json) -> JsonObject:
    return object_schema(properties, required=tuple(properties), closed=True)


_PERSON: Final = or_null(_closed(id=TEXT, name=or_null(TEXT)))
_ENTRY: Final = _closed(
    id=TEXT,
    at={"type": "string", "format": "date-time"},
    kind={"enum": [kind.value for kind in AuditKind]},
    what=TEXT,
    by=_PERSON,
    user=_PERSON,
    object=or_null(TEXT),
    record=or_null(TEXT),
    component=or_null(_closed(kind=TEXT, name=TEXT)),
    details=_ANYTHING,
    address=or_null(TEXT),
    cause=_ANYTHING,
    sealed={"type": "boolean"},
)

_HASH: Final[JsonObject] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_SEAL: Final = _closed(
    number=COUNT,
    at={"type": "string", "format": "date-time"},
    last_entry=TEXT,
    hash=_HASH,
    key=TEXT,
    signature=TEXT,
)

_REDACTION: Final = _closed(
    id=TEXT,
    at={"type": "string", "format": "date-time"},
    log=TEXT,
    how={"enum": [how.value for how in Redaction]},
    entry=TEXT,
    entries=COUNT,
)
_OPERATION: Final = _closed(
    id=TEXT,
    at={"type": "string", "format": "date-time"},
    what=TEXT,
    by=TEXT,
    tenant=or_null(TEXT),
    details=_ANYTHING,
    sealed={"type": "boolean"},
)
_SEALS: Final = Answer("A page of seals.", _closed(seals=list_schema(_SEAL), next=or_null(TEXT)))
_HEADS: Final = Body(
    object_schema(
        {"heads": or_null({"type": "object", "additionalProperties": _HASH})}, closed=True
    ),
    {"heads": {}},
    required=False,
)
_VERIFIES: Final = {202: Answer("The job that verifies.", schema_ref("api.Job"))}

AUDIT_OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /audit": Operation(
        _TAG,
        {200: Answer("Entries.", _closed(entries=list_schema(_ENTRY), next=or_null(TEXT)))},
        parameters=(*_FILTERS, "limit", "cursor"),
        refuses=(422,),
    ),
    "GET /audit/export": Operation(
        _TAG,
        {
            200: Answer(
                "The audit as a file, the newest entry first.",
                _FILE,
                media_type="text/csv",
                other_types=(AUDIT_FORMATS["ndjson"],),
            )
        },
        parameters=(*_FILTERS, "audit_format"),
        refuses=(422,),
    ),
    "GET /audit/redactions": Operation(
        _TAG,
        {
            200: Answer(
                "A page of notes.", _closed(redactions=list_schema(_REDACTION), next=or_null(TEXT))
            )
        },
        parameters=("audit_how", "limit", "cursor"),
        refuses=(422,),
    ),
    "GET /audit/seals": Operation(
        _TAG, {200: _SEALS}, parameters=("limit", "cursor"), refuses=(422,)
    ),
    "POST /audit/verify": Operation(_TAG, _VERIFIES, body=_HEADS, refuses=(413, 422)),
    "GET /platform/audit": Operation(
        _PLATFORM,
        {
            200: Answer(
                "What operators did.", _closed(entries=list_schema(_OPERATION), next=or_null(TEXT))
            )
        },
        parameters=(*_OF_PLATFORM, "limit", "cursor"),
        refuses=(422,),
    ),
    "GET /platform/audit/seals": Operation(
        _PLATFORM, {200: _SEALS}, parameters=("limit", "cursor"), refuses=(422,)
    ),
    "POST /platform/audit/verify": Operation(_PLATFORM, _VERIFIES, body=_HEADS, refuses=(413, 422)),
}
