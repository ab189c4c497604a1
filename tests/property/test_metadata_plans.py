"""Laws of metadata plans over random sets of objects and fields."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fieldstone.errors import Several
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import Component
from fieldstone.metadata.digests import digest_of
from fieldstone.metadata.slots import kind_of
from fieldstone.metadata.undo import undoing
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


@st.composite
def proposals(draw, rows):
    """Something to change of what is there: fields made, changed, removed, and names."""
    live = [row.component for row in rows if row.deleted_at is None]
    objects = [one for one in live if one.kind == "object"]
    fields = [one for one in live if one.kind == "field"]
    said: dict[str, Any] = {}
    if objects:
        owner = draw(st.sampled_from(objects)).name
        own, type_name = draw(FIELD_NAMES), draw(TYPES)
        body = {"object": owner, "type": type_name, "label": draw(st.sampled_from("XYZ"))}
        said["upserts"] = (Component("field", f"{owner}.{own}", body, "test"),)
    doing = draw(st.sampled_from(["rename", "remove", "neither"]))
    chosen = draw(st.sampled_from([*objects, *fields])) if objects else None
    if chosen is not None and doing == "remove":
        said["removals"] = (chosen.key,)
    if chosen is not None and doing == "rename":
        owner = chosen.name.partition(".")[0]
        new = draw(st.sampled_from(["Omega", "Sigma"]))
        name = new if chosen.kind == "object" else f"{owner}.{new.lower()}"
        said["renames"] = ((chosen.key, name),)
    return Proposal(**said)


def live_digest(rows):
    """Give the digest of what is declared and not in the bin."""
    return digest_of(row.component for row in rows if row.deleted_at is None)


def applied(rows, proposal):
    """Give the rows after a proposal, and its changes with the ids that they got."""
    plan = plan_changes(rows, proposal)
    there = after(rows, plan)
    ids = {row.component.key: row.id for row in there if row.deleted_at is None}
    numbered = [
        replace(one, id=one.id or ids[one.after.key if one.after else ("", "")])
        for one in plan.changes
    ]
    return there, numbered


@settings(max_examples=60)
@given(worlds(), st.data())
def test_undoing_changes_from_the_last_to_the_first_restores_every_digest(components, data):
    rows = stored(*components)
    done = []
    for _ in range(data.draw(st.integers(1, 4))):
        try:
            there, changes = applied(rows, data.draw(proposals(rows)))
        except Several:
            continue
        done.append((live_digest(rows), changes))
        rows = there

    for digest, changes in reversed(done):
        proposal, problems = undoing(changes, rows)
        assert problems == ()
        rows, _ = applied(rows, proposal)
        assert live_digest(rows) == digest
        assert undoing(changes, rows)[0].reverts == ()


@settings(max_examples=30)
@given(worlds(), st.data())
def test_applying_a_plan_and_planning_again_finds_nothing(components, data):
    rows = stored(*components)
    proposal = data.draw(proposals(rows))
    upserts = replace(proposal, removals=(), renames=())
    try:
        there, _ = applied(rows, upserts)
    except Several:
        return

    assert plan_changes(there, upserts).changes == ()


@given(worlds(), st.randoms(use_true_random=False))
def test_digest_does_not_depend_on_the_order(components, random):
    shuffled = list(components)
    random.shuffle(shuffled)

    assert digest_of(shuffled) == digest_of(components)
    assert (digest_of(components[1:]) == digest_of(components)) is False
