"""Options: what a definition says beside name and type."""

from __future__ import annotations

from decimal import Decimal

import pytest
from jsonschema import Draft202012Validator

from fieldstone.errors import Several
from fieldstone.metadata.field_types.lookup import LookupOptions
from fieldstone.metadata.field_types.options import build_options, option_names, options_schema
from fieldstone.metadata.field_types.reference import OnDelete
from fieldstone.metadata.field_types.registry import FIELD_TYPES


def test_options_are_made_of_flat_json():
    said = {"references": "Account", "on_delete": "restrict"}

    options = build_options(FIELD_TYPES["lookup"], said)

    assert options == LookupOptions("Account", on_delete=OnDelete.RESTRICT)


def test_a_number_without_a_point_is_a_decimal():
    options = build_options(FIELD_TYPES["number"], {"lowest": 1, "highest": Decimal("2.5")})

    assert (options.lowest, options.highest) == (Decimal(1), Decimal("2.5"))


def test_all_problems_come_at_once_with_their_places():
    with pytest.raises(Several) as caught:
        build_options(FIELD_TYPES["lookup"], {"on_delete": "boom", "childname": "x"})

    assert [problem.at for problem in caught.value.problems] == [
        "/references",
        "/on_delete",
        "/childname",
    ]
    assert caught.value.problems[2].hint == "Did you mean child_name?"


def test_a_problem_inside_a_list_has_the_place_inside_it():
    with pytest.raises(Several) as caught:
        build_options(FIELD_TYPES["picklist"], {"options": ["a", {"value": "", "color": "red"}]})

    assert caught.value.problems[0].at == "/options/1/value"


def test_the_schema_is_one_object_that_refers_to_nothing():
    for field_type in FIELD_TYPES.values():
        schema = options_schema(field_type)

        Draft202012Validator.check_schema(schema)
        assert "$ref" not in str(schema)
        assert tuple(schema["properties"]) == option_names(field_type)  # type: ignore[arg-type]
