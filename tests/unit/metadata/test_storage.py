"""Tests of how keys, slots and prefixes are handed out."""

from __future__ import annotations

from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.definitions import field_component
from tests.support.components import a_catalog, after, an_object, stored


def texts(*names, **body):
    return [{"name": name, "type": "text", **body} for name in names]


def slots_of(rows, name):
    return {f.name: f.slot for f in a_catalog(rows).get_object(name).own_fields}


def test_name_and_unique_fields_choose_before_other_texts():
    fields = [*texts(*"abcdefgh"), *texts("code", unique=True), *texts("name")]

    slots = slots_of(stored(*an_object("Wide", *fields)), "Wide")

    assert slots["name"] == "s1"
    assert slots["code"] == "s2"
    assert slots["g"] is None


def test_field_that_declines_gets_no_slot():
    fields = [*texts("a", indexed=False), *texts("b")]

    assert slots_of(stored(*an_object("Wide", *fields)), "Wide") == {"a": None, "b": "s1"}


def test_field_added_when_slots_are_out_has_none():
    rows = stored(*an_object("Wide", *texts(*"abcdefgh")))
    late = field_component("Wide", {"name": "late", "type": "text"})

    rows = after(rows, plan_changes(rows, Proposal(creates=(late,))))

    assert slots_of(rows, "Wide")["late"] is None


def test_key_and_slot_of_a_removed_field_are_not_given_again():
    rows = stored(*an_object("Thing", *texts("a", "b")))
    rows = after(rows, plan_changes(rows, Proposal(removals=(("field", "thing.b"),))))
    fresh = field_component("Thing", {"name": "c", "type": "text"})

    rows = after(rows, plan_changes(rows, Proposal(creates=(fresh,))))

    field = a_catalog(rows).get_object("Thing").get_field("c")
    assert (field.key, field.slot) == ("f3", "s3")


def test_prefixes_are_short_and_unique():
    rows = stored(*an_object("Project"), *an_object("Projector", plural_label="Beamers"))

    prefixes = {obj.name: obj.prefix for obj in a_catalog(rows).objects}

    assert prefixes == {"Project": "proj", "Projector": "proj2"}


def test_prefix_that_is_asked_for_is_given():
    rows = stored(*an_object("Contact", prefix="contact"))

    assert a_catalog(rows).get_object("Contact").prefix == "contact"
