"""Tests of how stored components become a catalog."""

from __future__ import annotations

import pytest

from fieldstone.metadata.catalog import UnknownField, UnknownObject
from fieldstone.metadata.component import Component
from tests.support.components import a_catalog, an_object, stored

USER = an_object("User", {"name": "name", "type": "text"})
COMPANY = an_object(
    "Company",
    {"name": "name", "type": "text"},
    {"name": "industry__c", "type": "picklist", "value_set": "Industry", "aliases": ["Branch"]},
    aliases=["Account"],
)
CONTACT = an_object(
    "Contact",
    {"name": "company", "type": "lookup", "references": "Account", "child_name": "people"},
    {"name": "about", "type": "polymorphic"},
)
INDUSTRY = Component("picklist", "Industry", {"label": "Industry", "options": ["Steel", "Wood"]})
ALL = a_catalog(stored(*USER, INDUSTRY, *COMPANY, *CONTACT))


@pytest.mark.parametrize("name", ["Company", "company", "ACCOUNT", "Account"])
def test_object_is_found_by_name_and_alias_whatever_the_case(name):
    assert ALL.get_object(name).name == "Company"


@pytest.mark.parametrize("name", ["industry__c", "Industry", "INDUSTRY__C", "branch"])
def test_field_is_found_with_and_without_suffix_and_by_alias(name):
    assert ALL.get_object("Company").get_field(name).name == "industry__c"


def test_nearest_names_are_suggested():
    with pytest.raises(UnknownObject) as of_object:
        ALL.get_object("Compny")
    with pytest.raises(UnknownField) as of_field:
        ALL.get_object("Company").get_field("nmae")

    assert of_object.value.problem.hint == "Did you mean Company?"
    assert of_field.value.problem.hint == "Did you mean name?"


def test_every_object_has_the_system_fields_first():
    names = [field.name for field in ALL.get_object("Contact").fields][:3]

    assert names == ["id", "owner", "created_at"]
    assert ALL.get_object("Contact").get_field("owner").references == (ALL.get_object("User").id,)


def test_values_of_a_global_list_are_those_of_the_field():
    options = ALL.get_object("Company").get_field("industry").options

    assert [choice.value for choice in options.choices] == ["Steel", "Wood"]


def test_target_knows_its_children_by_name():
    relations = ALL.children_of(ALL.get_object("Company"))

    assert {(one.name, one.object.name, one.field.name) for one in relations} == {
        ("people", "Contact", "company"),
        ("contacts", "Contact", "about"),
    }


def test_reference_to_anything_refers_to_every_object():
    about = ALL.get_object("Contact").get_field("about")

    assert set(about.references) == {obj.id for obj in ALL.objects}


def test_object_in_the_bin_is_not_in_the_catalog_and_own_heap_is_used():
    rows = stored(*USER)
    row = rows[0]
    moved = type(row)(row.id, row.component, {**row.storage, "heap": "record_x1"})

    assert a_catalog([moved, *rows[1:]]).get_object("User").heap == "record_x1"
    assert ALL.get_object("User").heap == "record_p00"
