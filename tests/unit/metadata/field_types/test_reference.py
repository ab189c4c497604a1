"""References: ids of records, and what is told about them without a type's name."""

from __future__ import annotations

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.field_type import FieldType, NoOptions
from fieldstone.metadata.field_types.id import Id
from fieldstone.metadata.field_types.lookup import Lookup, LookupOptions
from fieldstone.metadata.field_types.many_to_many import ManyToMany, ManyToManyOptions
from fieldstone.metadata.field_types.master_detail import MasterDetail, MasterDetailOptions
from fieldstone.metadata.field_types.polymorphic import Polymorphic, PolymorphicOptions
from fieldstone.metadata.field_types.reference import OnDelete, References
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.field_types.user import User, UserOptions

LOOKUP = Lookup()
OPTIONS = LookupOptions(references="Account")
ONE = "company_1563a2f0c401000"


def test_an_id_is_stored_as_text_and_compared_as_a_number():
    assert LOOKUP.encode(LOOKUP.accept(ONE, OPTIONS)) == ONE
    assert LOOKUP.slot_value(ONE, OPTIONS) == 0x1563A2F0C401000


def test_an_id_has_one_spelling():
    assert LOOKUP.accept("company_00ff", OPTIONS) == "company_ff"


@pytest.mark.parametrize("said", ["", "x", "Company_1", "company_8000000000000000", 5, {"id": ONE}])
def test_what_is_no_id_is_refused_as_a_bad_value(said):
    with pytest.raises(BadValue):
        LOOKUP.accept(said, OPTIONS)


def test_the_types_that_link_records_are_known_without_their_names():
    linking = {name for name, kind in FIELD_TYPES.items() if isinstance(kind, References)}

    assert linking == {"lookup", "master_detail", "many_to_many", "polymorphic", "user"}


@pytest.mark.parametrize(
    ("options", "targets", "on_delete"),
    [
        (OPTIONS, ("Account",), OnDelete.CLEAR),
        (LookupOptions("Deal", on_delete=OnDelete.RESTRICT), ("Deal",), OnDelete.RESTRICT),
        (MasterDetailOptions("Invoice"), ("Invoice",), OnDelete.CASCADE),
        (ManyToManyOptions("Product"), ("Product",), OnDelete.CLEAR),
        (PolymorphicOptions(("Contact", "Lead")), ("Contact", "Lead"), OnDelete.CLEAR),
        (PolymorphicOptions(), (), OnDelete.CLEAR),
        (UserOptions(), ("User",), OnDelete.CLEAR),
    ],
)
def test_options_tell_targets_and_what_happens_on_delete(options, targets, on_delete):
    assert (options.targets, options.on_delete) == (targets, on_delete)


@pytest.mark.parametrize(
    ("field_type", "options", "told"),
    [
        (LOOKUP, OPTIONS, "Lookup → Account"),
        (MasterDetail(), MasterDetailOptions("Invoice"), "Master-detail → Invoice"),
        (ManyToMany(), ManyToManyOptions("Product"), "Many-to-many → Product"),
        (Polymorphic(), PolymorphicOptions(("A", "B")), "Polymorphic lookup → A, B"),
        (Polymorphic(), PolymorphicOptions(), "Polymorphic lookup → any object"),
        (User(), UserOptions(), "User"),
        (Id(), NoOptions(), "Id"),
    ],
)
def test_a_reference_describes_itself_by_its_targets(
    field_type: FieldType[object, object], options: object, told: str
):
    assert field_type.describe(options) == told


def test_a_set_of_ids_has_no_doubles_and_one_order():
    found = ManyToMany().accept(["deal_2", "deal_1", "deal_02"], ManyToManyOptions("Deal"))

    assert found == ("deal_1", "deal_2")
    assert ManyToMany().linked(found) == found


@pytest.mark.parametrize("said", ["deal_1", [1], ["x"], [f"deal_{n:x}" for n in range(501)]])
def test_what_is_no_short_list_of_ids_is_refused(said):
    with pytest.raises(BadValue):
        ManyToMany().accept(said, ManyToManyOptions("Deal"))


def test_a_part_needs_its_whole():
    assert MasterDetailOptions("Invoice").required
