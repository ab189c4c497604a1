"""Tests of how keys, slots and prefixes are handed out."""

from __future__ import annotations

import pytest

from fieldstone.errors import Several
from fieldstone.metadata.changes import Proposal, Revert, plan_changes
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


def changed(rows, **proposal):
    return after(rows, plan_changes(rows, Proposal(**proposal)))


def renamed_with_field_in_bin(name, new_name):
    rows = stored(*an_object(name, *texts("a", "b")))
    rows = changed(rows, removals=(("field", f"{name}.b".lower()),))
    return changed(rows, renames=((("object", name.lower()), new_name),))


def key_and_slot(rows, owner, name):
    field = a_catalog(rows).get_object(owner).get_field(name)
    return field.key, field.slot


def test_key_and_slot_in_the_bin_are_not_given_again_after_a_rename():
    rows = renamed_with_field_in_bin("House", "Home")

    rows = changed(rows, creates=(field_component("Home", {"name": "c", "type": "text"}),))

    assert key_and_slot(rows, "Home", "c") == ("f3", "s3")


def test_key_and_slot_are_not_given_again_in_the_change_that_renames():
    rows = stored(*an_object("House", *texts("a", "b")))
    fresh = field_component("Home", {"name": "c", "type": "text"})

    rows = changed(
        rows,
        removals=(("field", "house.b"),),
        renames=((("object", "house"), "Home"),),
        upserts=(fresh,),
    )

    assert key_and_slot(rows, "Home", "c") == ("f3", "s3")
    assert key_and_slot(changed(rows, restores=(("field", "home.b"),)), "Home", "b") == ("f2", "s2")


def test_field_in_the_bin_comes_back_to_its_object_under_the_new_name():
    rows = renamed_with_field_in_bin("House", "Home")

    rows = changed(rows, restores=(("field", "home.b"),))

    assert key_and_slot(rows, "Home", "b") == ("f2", "s2")


def test_field_in_the_bin_follows_an_undone_rename():
    rows = renamed_with_field_in_bin("House", "Home")
    live = [row for row in rows if row.deleted_at is None]
    was = {row.id: row.component for row in stored(*an_object("House", *texts("a", "b")))}

    rows = changed(rows, reverts=tuple(Revert(row.id, row.component, was[row.id]) for row in live))

    assert key_and_slot(changed(rows, restores=(("field", "house.b"),)), "House", "b")[0] == "f2"


def test_field_in_the_bin_does_not_come_back_to_another_object_of_its_name():
    rows = stored(*an_object("House", *texts("a", "b")))
    rows = changed(rows, removals=(("object", "house"),))
    rows = changed(rows, creates=an_object("Hut", *texts("a", "c")))
    rows = changed(rows, renames=((("object", "hut"), "House"),))

    with pytest.raises(Several, match="another object"):
        changed(rows, restores=(("field", "house.b"),))
