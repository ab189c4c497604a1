"""JSON: anything, within limits."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.json import MAX_DEPTH, JsonOptions, JsonValue
from fieldstone.metadata.values import Json

JSON = JsonValue()
OPTIONS = JsonOptions(size_bytes=200)


def nested(depth: int) -> Json:
    return [nested(depth - 1)] if depth else 1


def test_any_json_is_kept_as_it_is():
    said: Json = {"a": [1, Decimal("2.50"), None, True], "b": {"c": "ü"}}

    assert JSON.accept(said, OPTIONS) == said


@pytest.mark.parametrize(
    "said",
    [
        "x" * 200,
        ["\x00"],
        {"\x00": 1},
        ["\ud800"],
        [Decimal("1e99")],
        [Decimal("1e-99")],
        nested(99),
    ],
)
def test_json_that_cannot_be_kept_is_refused(said):
    with pytest.raises(BadValue):
        JSON.accept(said, OPTIONS)


def test_json_may_be_nested_to_the_limit():
    assert JSON.accept(nested(MAX_DEPTH - 1), OPTIONS) == nested(MAX_DEPTH - 1)


@pytest.mark.parametrize("written", ["{", "[1,]", "nul", '{"a":1} x', "[" * 5000])
def test_text_that_is_no_json_is_refused(written):
    with pytest.raises(BadValue):
        JSON.parse(written, OPTIONS)
