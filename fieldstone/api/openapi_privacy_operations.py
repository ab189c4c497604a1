"""What the document says of the endpoints for personal data: holds, retention, people."""

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
from fieldstone.metadata.retention import Fate, Kept
from fieldstone.metadata.values import Json, JsonObject

_TAG: Final = "Personal data"
_CHANGES: Final = (409, 413, 422)
_GONE: Final = Answer("It is gone.")
_FLAG: Final[JsonObject] = {"type": "boolean"}
_INSTANT: Final[JsonObject] = {"type": "string", "format": "date-time"}


def _closed(**properties: Json) -> JsonObject:
    return object_schema(properties, required=tuple(properties), closed=True)


_HOLD: Final = _closed(
    id=TEXT,
    name=TEXT,
    reason=TEXT,
    records=COUNT,
    placed_at=_INSTANT,
    placed_by=or_null(TEXT),
    ended_at=or_null(_INSTANT),
    ended_by=or_null(TEXT),
    end_reason=or_null(TEXT),
)
_HELD: Final = _closed(id=TEXT, type=TEXT, along=_FLAG, held_at=_INSTANT, held_by=or_null(TEXT))
_RECORDS_SAID: Final[dict[str, Json]] = {"records": list_schema(TEXT), "along": _FLAG}
_HOLDS: Final = "/privacy/holds"
_RETENTION: Final = "/privacy/retention"
_POLICY: Final = _closed(
    name=TEXT,
    label=TEXT,
    of={"enum": [one.value for one in Kept]},
    object=or_null(TEXT),
    days=COUNT,
    action=or_null({"enum": [one.value for one in Fate]}),
    active=_FLAG,
    before=_INSTANT,
    due=or_null(COUNT),
    held=COUNT,
    oldest=or_null(_INSTANT),
)
_STARTED: Final = Answer("The job that does it.", _closed(job=COUNT, url=TEXT))

PRIVACY_OPERATIONS: Final[Mapping[str, Operation]] = {
    f"GET {_HOLDS}": Operation(
        _TAG,
        {200: Answer("A page of holds.", _closed(holds=list_schema(_HOLD), next=or_null(TEXT)))},
        parameters=("limit", "cursor"),
        refuses=(422,),
    ),
    f"POST {_HOLDS}": Operation(
        _TAG,
        {201: Answer("The new hold.", _HOLD)},
        body=Body(
            object_schema({"name": TEXT, "reason": TEXT, **_RECORDS_SAID}, required=("name",)),
            {"name": "Acme v. Smith", "records": ["contact_54f8b6e78401"]},
        ),
        refuses=_CHANGES,
    ),
    f"GET {_HOLDS}/{{id}}": Operation(_TAG, {200: Answer("The hold.", _HOLD)}),
    f"GET {_HOLDS}/{{id}}/records": Operation(
        _TAG,
        {200: Answer("A page.", _closed(records=list_schema(_HELD), next=or_null(TEXT)))},
        parameters=("limit", "cursor"),
        refuses=(422,),
    ),
    f"POST {_HOLDS}/{{id}}/records": Operation(
        _TAG,
        {200: Answer("How many it names of them.", _closed(held=COUNT))},
        body=Body(
            object_schema(_RECORDS_SAID, required=("records",)),
            {"records": ["contact_54f8b6e78401"]},
        ),
        refuses=_CHANGES,
    ),
    f"DELETE {_HOLDS}/{{id}}/records/{{record}}": Operation(_TAG, {204: _GONE}, refuses=(409, 422)),
    f"POST {_HOLDS}/{{id}}/end": Operation(
        _TAG,
        {200: Answer("The hold as it ended.", _HOLD)},
        body=Body(object_schema({"reason": TEXT}), {"reason": "Settled."}, required=False),
        refuses=_CHANGES,
    ),
    f"GET {_RETENTION}": Operation(
        _TAG, {200: Answer("All policies.", _closed(policies=list_schema(_POLICY)))}
    ),
    f"POST {_RETENTION}/preview": Operation(
        _TAG,
        {200: Answer("What it would do now.", _POLICY)},
        body=Body(
            object_schema({"of": TEXT, "days": COUNT}, required=("of", "days")),
            {"of": "records", "object": "Lead", "days": 730, "action": "purge"},
        ),
        refuses=_CHANGES,
    ),
    f"POST {_RETENTION}/run": Operation(_TAG, {202: _STARTED}),
}
