"""Laws of metadata plans over random sets of objects and fields."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import Component
from fieldstone.metadata.slots import kind_of
from tests.support.components import a_catalog, after, an_object, stored

NAMES = st.sampled_from(["Alpha", "Beta", "Gamma", "Delta"])
TYPES = st.sampled_from(["text", "number", "date", "datetime", "checkbox", "email", "url", "phone"])
FIELD_NAMES = st.text("abcdefgh", min_size=1, max_size=3)


@st.composite
def worlds(draw):
    """Some objects with fields, some of which refer to another of the objects."""
    names = draw(st.lists(NAMES, min_size=1, unique=True))
    components: list[Component] = []
    for name in names:
        types = draw(st.dictionaries(FIELD_NAMES, TYPES, max_size=20))
        fields = [{"name": own, "type": type_name} for own, type_name in types.items()]
        if draw(st.booleans()):
            fields.append(
                {"name": "other", "type": "lookup", "references": draw(st.sampled_from(names))}
            )
        components.extend(an_object(name, *fields))
    return components


@settings(max_examples=30)
@given(worlds())
def test_planning_what_is_there_finds_nothing(components):
    rows = stored(*components)

    assert plan_changes(rows, Proposal(upserts=tuple(components))).changes == ()


@settings(max_examples=30)
@given(worlds())
def test_keys_and_slots_of_an_object_are_never_shared(components):
    catalog = a_catalog(stored(*components))

    for obj in catalog.objects:
        keys = [field.key for field in obj.own_fields]
        slots = [field.slot for field in obj.own_fields if field.slot]
        assert len(set(keys)) == len(keys)
        assert len(set(slots)) == len(slots)
        assert all(kind_of(f.slot) is f.type.slot for f in obj.own_fields if f.slot)


@settings(max_examples=30)
@given(worlds(), st.data())
def test_rename_and_rename_back_restores_every_component(components, data):
    rows = stored(*components)
    name = data.draw(st.sampled_from([c.name for c in components if c.kind == "object"]))

    there = after(
        rows, plan_changes(rows, Proposal(renames=((("object", name.lower()), "Omega"),)))
    )
    back = after(there, plan_changes(there, Proposal(renames=((("object", "omega"), name),))))

    assert {row.id: row.component for row in back} == {row.id: row.component for row in rows}


@settings(max_examples=30)
@given(worlds())
def test_remove_and_restore_of_everything_restores_the_catalog(components):
    rows = stored(*components)
    objects = tuple(("object", c.name.lower()) for c in components if c.kind == "object")

    gone = after(rows, plan_changes(rows, Proposal(removals=objects)))
    back = after(gone, plan_changes(gone, Proposal(restores=objects)))

    assert a_catalog(gone).objects == ()
    assert [row.component for row in back] == [row.component for row in rows]
    assert [row.storage for row in back] == [row.storage for row in rows]
