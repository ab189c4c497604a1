"""What several permission sets allow adds up, and their words follow what they speak of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import pytest

from fieldstone.errors import Several
from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.compiled_rights import compile_rights
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.kinds.permission_set import EVERYTHING, SetupWord
from fieldstone.metadata.rights import EVERY_ACTION, EVERY_AREA, Rights, SetupArea
from fieldstone.metadata.standing import SYSTEM, Standing
from tests.support.components import a_catalog, after, an_object, stored
from tests.support.crm_catalog import crm_catalog

TEXT = {"name": "name", "type": "text"}
SALARY = {"name": "salary", "type": "number"}
PERSON = an_object("Person", TEXT, SALARY)
PLACE = an_object("Place", TEXT)


def a_set(name: str, **body: Any) -> Component:
    """Give a permission set as somebody would declare it."""
    return Component("permission_set", name, {"label": name, **body})


READS_PEOPLE = a_set("Reader", objects={"Person": ["read"]}, fields={"Person.name": "read"})
PAYS = a_set("Payer", objects={"Person": ["edit"]}, fields={"Person.salary": "edit"})
EVERYTHING_BUT = a_set(
    "Most",
    all_objects=["create", "read", "edit", "delete"],
    objects={"Place": []},
    all_fields="edit",
    fields={"Person.salary": "none"},
)


class World:
    """A tenant with people, places and some permission sets."""

    def __init__(self, *sets: Component) -> None:
        self.rows: Sequence[StoredComponent] = stored(*PERSON, *PLACE, *sets)

    @property
    def catalog(self) -> Catalog:
        return a_catalog(self.rows)

    def change(self, **proposal: Any) -> None:
        self.rows = after(self.rows, plan_changes(self.rows, Proposal(**proposal)))

    def id_of(self, name: str) -> int:
        return next(row.id for row in self.rows if row.component.name == name)

    def body_of(self, name: str) -> Any:
        return next(row.component.body for row in self.rows if row.component.name == name)

    def rights(self, *names: str) -> Rights:
        return compile_rights(self.catalog, map(self.id_of, names))

    def person(self) -> ObjectDef:
        return self.catalog.get_object("Person")


def test_nobody_without_a_set_sees_anything() -> None:
    world = World()
    rights = world.rights()

    assert rights.unreadable_objects == set(world.catalog.by_id)
    assert not any(rights.may_read_field(one.id) for one in world.person().fields)
    assert (rights.setup, rights.denied_actions) == (frozenset(), EVERY_ACTION)


def test_a_set_opens_what_it_names_and_nothing_else() -> None:
    world = World(READS_PEOPLE)
    person, rights = world.person(), world.rights("Reader")

    assert rights.may_read_object(person.id)
    assert not rights.may_edit_object(person.id)
    assert not rights.may_read_object(world.catalog.get_object("Place").id)
    assert rights.may_read_field(person.get_field("name").id)
    assert not rights.may_edit_field(person.get_field("name").id)
    assert not rights.may_read_field(person.get_field("salary").id)


def test_fields_that_every_record_has_are_read_with_their_object() -> None:
    world = World(READS_PEOPLE)
    person, rights = world.person(), world.rights("Reader")

    assert all(rights.may_read_field(one.id) for one in person.fields if one.is_system)
    assert not rights.may_edit_field(person.get_field("owner").id)


def test_what_sets_allow_adds_up() -> None:
    world = World(READS_PEOPLE, PAYS)
    person, rights = world.person(), world.rights("Reader", "Payer")

    assert rights.may_edit_object(person.id)
    assert not rights.may_create(person.id)
    assert rights.may_edit_field(person.get_field("salary").id)
    assert not rights.may_edit_field(person.get_field("name").id)
    assert rights.covers(world.rights("Reader"))
    assert rights.covers(world.rights("Payer"))
    assert not world.rights("Reader").covers(rights)


def test_none_in_one_set_takes_nothing_from_another() -> None:
    world = World(EVERYTHING_BUT, PAYS)
    salary = world.person().get_field("salary").id

    assert not world.rights("Most").may_read_field(salary)
    assert world.rights("Most", "Payer").may_edit_field(salary)


def test_what_an_object_says_holds_instead_of_what_all_objects_say() -> None:
    world = World(EVERYTHING_BUT)

    assert not world.rights("Most").may_read_object(world.catalog.get_object("Place").id)


def test_new_objects_and_fields_are_open_to_sets_of_all() -> None:
    world = World(EVERYTHING_BUT, READS_PEOPLE)
    world.change(creates=an_object("Thing", TEXT))
    thing = world.catalog.get_object("Thing")

    assert world.rights("Most").may_edit_field(thing.get_field("name").id)
    assert world.rights("Most").may_delete(thing.id)
    assert not world.rights("Reader").may_read_object(thing.id)


def test_included_sets_are_given_along() -> None:
    both = a_set("Both", includes=["Reader", "Payer"])
    over = a_set("Over", includes=["Both"])
    world = World(READS_PEOPLE, PAYS, both, over)

    assert world.rights("Over") == world.rights("Reader", "Payer")


def test_a_set_cannot_include_itself_by_any_way() -> None:
    rows = World(READS_PEOPLE, a_set("Both", includes=["Reader"])).rows
    circle = a_set("Reader", includes=["Both"])

    with pytest.raises(Several) as caught:
        plan_changes(rows, Proposal(upserts=(circle,)))

    assert [problem.code for problem in caught.value.problems] == ["metadata.cycle"]


def test_unknown_names_are_told_with_their_place() -> None:
    wrong = a_set("Wrong", objects={"Persn": []}, fields={"Person.salry": "read"}, includes=["No"])

    with pytest.raises(Several) as caught:
        plan_changes(World().rows, Proposal(creates=(wrong,)))

    told = {problem.at: problem.hint for problem in caught.value.problems}
    assert told["/objects/Persn"] == "Did you mean Person?"
    assert told["/fields/Person.salry"] == "Did you mean salary?"
    assert "/includes/0" in told


def test_a_set_follows_renames_of_objects_fields_and_sets() -> None:
    world = World(PAYS, a_set("Both", includes=["Payer"]))
    before = world.rights("Both")
    world.change(renames=((("field", "person.salary"), "Person.pay"),))
    world.change(renames=((("object", "person"), "Human"),))
    world.change(renames=((("permission_set", "payer"), "Paymaster"),))

    assert world.body_of("Paymaster")["fields"] == {"Human.pay": "edit"}
    assert world.body_of("Paymaster")["objects"] == {"Human": ["edit"]}
    assert world.body_of("Both")["includes"] == ["Paymaster"]
    assert world.rights("Both") == before


def test_a_removed_field_leaves_its_set_and_comes_back_with_what_it_had() -> None:
    world = World(PAYS)
    salary = world.person().get_field("salary").id
    world.change(removals=(("field", "person.salary"),))
    gone = world.rights("Payer")
    world.change(restores=(("field", "person.salary"),))

    assert gone.may_edit_object(world.person().id)
    assert world.rights("Payer").may_edit_field(salary)


def test_another_field_of_a_name_that_was_free_gets_nothing_of_the_old_one() -> None:
    world = World(PAYS)
    world.change(removals=(("field", "person.salary"),))
    fresh = Component("field", "Person.salary", {"object": "Person", "type": "text"})
    world.change(creates=(fresh,))

    assert not world.rights("Payer").may_read_field(world.person().get_field("salary").id)
    assert world.body_of("Payer")["fields"] == {}


def test_a_set_that_is_included_is_not_removed() -> None:
    rows = World(READS_PEOPLE, a_set("Both", includes=["Reader"])).rows

    with pytest.raises(Several) as caught:
        plan_changes(rows, Proposal(removals=(("permission_set", "reader"),)))

    assert [problem.code for problem in caught.value.problems] == ["metadata.still_needed"]


def test_rights_imply_others_and_modify_all_most() -> None:
    world = World(a_set("All", objects={"Person": ["modify_all"], "Place": ["delete"]}))
    rights, person = world.rights("All"), world.person().id
    place = world.catalog.get_object("Place").id

    assert (rights.may_modify_all(person), rights.may_view_all(person)) == (True, True)
    assert (rights.may_delete(person), rights.may_create(person)) == (True, False)
    assert (rights.may_read_object(place), rights.may_edit_object(place)) == (True, False)
    assert not rights.may_view_all(place)


def test_the_words_for_setting_up_are_those_of_the_areas() -> None:
    assert set(get_args(SetupWord)) == {EVERYTHING, *map(str, EVERY_AREA)}
    one = World(a_set("One", setup=["people"]))
    every = World(a_set("Every", setup=[EVERYTHING]))

    assert one.rights("One").setup == {SetupArea.PEOPLE}
    assert every.rights("Every").setup == EVERY_AREA


def test_equal_rights_have_equal_digests() -> None:
    world = World(READS_PEOPLE, PAYS, a_set("Both", includes=["Payer", "Reader"]))

    assert world.rights("Both").digest == world.rights("Reader", "Payer").digest
    assert world.rights("Both").digest != world.rights("Reader").digest


def test_a_set_that_is_gone_allows_nothing() -> None:
    world = World(READS_PEOPLE)
    number = world.id_of("Reader")
    world.change(removals=(("permission_set", "reader"),))

    assert Standing(sets=frozenset({number})).rights_under(world.catalog) == world.rights()


def test_administrators_cover_every_set_of_the_shipped_package() -> None:
    catalog = crm_catalog()
    everything = SYSTEM.rights_under(catalog)
    rights = {
        one.name: compile_rights(catalog, (one.id,)) for one in catalog.permission_sets.values()
    }
    standard, reading = rights["Standard_User"], rights["Read_Only"]
    deal = catalog.get_object("Deal")

    assert all(everything.covers(one) for one in rights.values())
    assert not any(one.covers(everything) for one in rights.values())
    assert standard.covers(reading)
    assert not standard.unreadable_fields
    assert standard.may_edit_field(deal.get_field("value").id)
    assert reading.may_read_field(deal.get_field("value").id)
    assert not reading.may_edit_field(deal.get_field("value").id)
