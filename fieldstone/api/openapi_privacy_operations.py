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
from fieldstone.runtime.privacy.finding import How, Outcome
from fieldstone.runtime.privacy.requests import RequestKind

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
_DOSSIER: Final = _closed(
    id=TEXT,
    type=TEXT,
    name=TEXT,
    addresses=list_schema(TEXT),
    counts=list_schema(
        _closed(object=TEXT, outcome={"enum": [one.value for one in Outcome]}, count=COUNT)
    ),
    records=list_schema(
        _closed(
            id=TEXT,
            type=TEXT,
            name=or_null(TEXT),
            found_by={"enum": [one.value for one in How]},
            outcome={"enum": [one.value for one in Outcome]},
        )
    ),
    held=COUNT,
    definitions=list_schema(TEXT),
    plan=TEXT,
)
_REQUEST: Final = _closed(
    id=TEXT,
    kind={"enum": [one.value for one in RequestKind]},
    person=or_null(TEXT),
    reason=TEXT,
    state=TEXT,
    asked_at=_INSTANT,
    asked_by=or_null(TEXT),
    job=or_null(COUNT),
    finished_at=or_null(_INSTANT),
    report=or_null({"type": "object"}),
    digest=or_null(TEXT),
    problems=or_null({"type": "array"}),
)
_PAGE: Final = _closed(requests=list_schema(_REQUEST), next=or_null(TEXT))
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
    "GET /privacy/people/{id}": Operation(
        _TAG,
        {200: Answer("All that is found, at most 200 records of it.", _DOSSIER)},
        parameters=("keep",),
        refuses=(409, 422),
    ),
    "GET /privacy/requests": Operation(
        _TAG,
        {200: Answer("A page of requests.", _PAGE)},
        parameters=("limit", "cursor"),
        refuses=(422,),
    ),
    "POST /privacy/requests": Operation(
        _TAG,
        {202: Answer("The request, which a job does.", _REQUEST)},
        body=Body(
            object_schema(
                {
                    "kind": {"enum": [one.value for one in RequestKind]},
                    "person": TEXT,
                    "reason": TEXT,
                    "plan": TEXT,
                    "keep": list_schema(TEXT),
                },
                required=("kind", "person"),
            ),
            {"kind": "export", "person": "contact_54f8b6e78401"},
        ),
        refuses=_CHANGES,
    ),
    "GET /privacy/requests/{id}": Operation(_TAG, {200: Answer("The request.", _REQUEST)}),
}
