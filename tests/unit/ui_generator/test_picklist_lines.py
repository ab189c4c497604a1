"""Values of picklists as lines: what is not touched stays, and what goes is only retired."""

from __future__ import annotations

from typing import Any

import pytest

from fieldstone.ui_generator.picklist_lines import choices_as_text, choices_typed

EMEA = {"value": "EMEA", "label": "Europe", "color": "red"}
OLD = {"value": "Old", "active": False, "color": "gray"}
BEFORE: list[Any] = ["New", EMEA, OLD, {"value": "a = b"}]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("New\nEMEA = Europe\na = b", [{"value": "New"}, EMEA, {"value": "a = b"}, OLD]),
        ("emea\nNew", [{"value": "EMEA", "color": "red"}, {"value": "New"}, OLD, "a = b"]),
        ("EMEA = Far\nEMEA = Europe", [{**EMEA, "label": "Far"}, "New", OLD, "a = b"]),
        ("Old\nAPAC = Asia", [{"value": "Old", "color": "gray"}, "APAC", "New", "EMEA", "a = b"]),
    ],
)
def test_lines_keep_what_they_do_not_say(text: str, after: list[Any]) -> None:
    found = choices_typed(text, BEFORE)

    assert [one["value"] for one in found if isinstance(one, dict)] == [
        one["value"] if isinstance(one, dict) else one for one in after
    ]
    for one, wanted in zip(found, after, strict=True):
        assert isinstance(one, dict)
        assert wanted == one or isinstance(wanted, str)


def test_text_of_values_reads_back_and_leaves_out_what_is_retired() -> None:
    text = choices_as_text(BEFORE)

    assert text == "New\nEMEA = Europe\na = b"
    assert [one for one in choices_typed(text, BEFORE) if one == OLD] == [OLD]
