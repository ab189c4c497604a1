"""Whatever JSON is sent, the server answers it or refuses it in the one shape; it never fails."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from fieldstone.metadata.field_types.registry import FIELD_TYPES
from tests.support.app import Api, problems_of
from tests.support.json_strategies import (
    ANY_JSON,
    QUESTIONS,
    near_fields,
    near_objects,
    near_records,
)

# One application and one database serve all examples: what was stored before is no hindrance.
KEEPS = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NEEDS: dict[str, dict[str, Any]] = {
    "picklist": {"options": ["A", "B"]},
    "multi_select": {"options": ["A", "B"]},
    "lookup": {"references": "Account"},
    "master_detail": {"references": "Account"},
    "many_to_many": {"references": "Contact"},
    "polymorphic": {"references": ["Contact", "Lead"]},
}
EVERY_TYPE: list[dict[str, Any]] = [
    {"name": f"a_{kind.name}", "type": kind.name, **NEEDS.get(kind.name, {})}
    for kind in FIELD_TYPES.values()
    if kind.definable
]


async def never_fails(api: Api, method: str, path: str, body: Any) -> None:
    answer = await api.send(method, path, json.dumps(body))

    assert answer.status_code < 500, (body, answer.text)
    if answer.status_code >= 400:
        problems_of(answer)


@KEEPS
@given(body=near_objects() | ANY_JSON)
@example(body={"name": "x", "fields": [{"name": "a", "type": {}}]})
async def test_definition_of_an_object_never_fails(api: Api, body: Any) -> None:
    await never_fails(api, "POST", "/api/objects", body)


@KEEPS
@given(body=near_fields() | ANY_JSON)
async def test_definition_of_a_field_never_fails(api: Api, body: Any) -> None:
    await never_fails(api, "POST", "/api/objects/Note/fields", body)


@KEEPS
@given(body=near_objects() | near_fields() | ANY_JSON)
async def test_change_of_a_definition_never_fails(api: Api, body: Any) -> None:
    await never_fails(api, "PATCH", "/api/objects/Campaign", body)
    await never_fails(api, "PATCH", "/api/objects/Campaign/fields/budget", body)


@KEEPS
@given(body=near_records(["name", "value", "stage", "close_date", "company", "owner", "Amount"]))
async def test_record_of_the_crm_never_fails(api: Api, body: Any) -> None:
    await never_fails(api, "POST", "/api/records/Deal", body)
    await never_fails(api, "PATCH", "/api/records/Deal", body)
    await never_fails(api, "POST", "/api/records/Contact/upsert?key=external_id", body)


@KEEPS
@given(body=QUESTIONS)
async def test_question_never_fails(api: Api, body: Any) -> None:
    await never_fails(api, "POST", "/api/query", body)


@pytest.fixture
async def all_types(api: Api) -> Api:
    """A client of an application with an object that has a field of every type."""
    definition = {"name": "All", "plural_name": "Alls", "fields": EVERY_TYPE}
    await api.post("/api/objects", definition)
    return api


@KEEPS
@given(body=near_records([str(field["name"]) for field in EVERY_TYPE]))
async def test_record_with_a_field_of_every_type_never_fails(all_types: Api, body: Any) -> None:
    await never_fails(all_types, "POST", "/api/records/All", body)
