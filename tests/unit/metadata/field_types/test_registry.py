"""The registry: types by name, in whatever spelling."""

from __future__ import annotations

import pytest

from fieldstone.metadata.field_types.registry import (
    FIELD_TYPES,
    SPELLINGS,
    UnknownType,
    get_field_type,
)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Text", "text"),
        ("string", "text"),
        ("Boolean", "checkbox"),
        ("integer", "number"),
        ("TextArea", "long_text"),
        ("LongTextArea", "long_text"),
        ("Long Text", "long_text"),
        ("multi-select", "multi_select"),
        ("MultiselectPicklist", "multi_select"),
        ("MasterDetail", "master_detail"),
        ("master-detail", "master_detail"),
        ("Lookup", "lookup"),
        ("date_time", "datetime"),
        ("Html", "rich_text"),
    ],
)
def test_a_type_is_found_in_many_spellings(said, name):
    assert get_field_type(said).name == name


def test_every_other_spelling_means_a_type_and_hides_none():
    assert set(SPELLINGS.values()) <= set(FIELD_TYPES)
    assert not set(SPELLINGS) & set(FIELD_TYPES)


def test_an_unknown_type_gets_the_nearest_name():
    with pytest.raises(UnknownType) as caught:
        get_field_type("pick list one")

    assert caught.value.problem.hint == "Did you mean picklist?"


def test_a_type_far_from_all_gets_the_list_of_them():
    with pytest.raises(UnknownType) as caught:
        get_field_type("???")

    assert "text, long_text" in str(caught.value.problem.hint)


def test_no_definition_can_ask_for_the_type_of_ids():
    with pytest.raises(UnknownType):
        get_field_type("id")
