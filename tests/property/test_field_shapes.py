"""The quick look at the shape of a field's definition accepts nothing that its schema refuses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.metadata.component import Component
from fieldstone.metadata.field_types.options import build_options
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.kinds.field import fitting_options, options_of
from fieldstone.metadata.kinds.registry import FIELD
from fieldstone.metadata.schemas import problems_of
from tests.support.json_strategies import ANY_JSON, near_fields

RIGHT = ("text", "picklist", "currency", "number", "lookup", "auto_number", "checkbox", "percent")


@given(near_fields(), st.dictionaries(st.sampled_from(["lowest", "highest", "places"]), ANY_JSON))
def test_what_is_accepted_quickly_is_accepted_by_the_schema(definition: Any, more: Any) -> None:
    body = {**definition, "object": "Thing", **more}
    body.pop("name", None)
    kind = FIELD_TYPES.get(body["type"]) if isinstance(body["type"], str) else None
    if kind is None or not kind.definable or fitting_options(kind, body) is None:
        return

    assert list(problems_of(FIELD._validators[kind.name], body, "metadata.invalid")) == []


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_accepted_quickly_and_read_alike(name: str) -> None:
    said: dict[str, Any] = {
        "lookup": {"references": "Deal"},
        "picklist": {"options": ["a", {"value": "b"}]},
    }
    kind, options = FIELD_TYPES[name], said.get(name, {})
    body: dict[str, Any] = {"object": "Thing", "type": name, "required": True, **options}

    found = fitting_options(kind, body)

    assert found == build_options(kind, options_of(body))
    assert list(FIELD.problems(Component("field", "Thing.it", body))) == []


def test_exact_numbers_are_not_taken_out_of_texts() -> None:
    body: dict[str, Any] = {"object": "Thing", "type": "currency", "lowest": "5"}

    [problem] = FIELD.problems(Component("field", "Thing.it", body))

    assert problem.at == "/lowest"
