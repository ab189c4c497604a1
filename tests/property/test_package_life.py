"""The life of a package over random ones: install, customise, upgrade, undo, uninstall."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from fieldstone.errors import Several
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import Component
from fieldstone.metadata.digests import digest_of
from fieldstone.metadata.merging import Choice
from fieldstone.metadata.package_changes import (
    PackageChange,
    Shipped,
    first_proposal,
    live_shipped,
    package_change,
    shipped_by,
    under_shipped_names,
)
from fieldstone.metadata.package_removal import package_removal
from fieldstone.metadata.packages import Manifest, Package, Rename
from fieldstone.metadata.undo import undoing
from fieldstone.metadata.values import fold
from fieldstone.query_language.formula.renaming import FormulaRenames
from tests.support.components import a_catalog, after, an_object, stored

PACKAGE = "test"
FIRST = PackageChange(Proposal())
OBJECTS = st.sampled_from(["Alpha", "Beta", "Gamma"])
FIELDS = st.sampled_from("abcdef")
LABELS = st.sampled_from(["One", "Two", "Three", "Four"])
FIELD_BODIES = st.fixed_dictionaries(
    {"type": st.just("text")}, optional={"label": LABELS, "help": LABELS, "description": LABELS}
)
SHAPES = st.dictionaries(
    OBJECTS, st.tuples(LABELS, st.dictionaries(FIELDS, FIELD_BODIES, max_size=4)), min_size=1
)


def formulas(rows):
    """Give what knows the names in the formulas of some components."""
    return FormulaRenames(a_catalog([row for row in rows if row.component.kind != "package"]))


def a_package(version, shape, *renames):
    """Give a package of a version that ships objects with fields."""
    made: list[Component] = []
    for name, (label, fields) in sorted(shape.items()):
        said: list[dict[str, Any]] = [{"name": own, **body} for own, body in sorted(fields.items())]
        more = [{"name": "z", "type": "text", "formula": f"{one['name']}"} for one in said[:1]]
        body = {"label": label + name, "plural_label": f"All {name}", "sharing": "read"}
        made += an_object(name, *said, *more, **body)
    if len(shape) > 1:
        left, right, *_ = sorted(shape)
        made.append(a_relation(left, right, shape[left][0]))
    return Package(Manifest(PACKAGE, "Test", version, renames=renames), tuple(made))


def a_relation(left, right, label):
    """Give a relation between two objects, with an attribute."""
    body = {
        "label": "Pair",
        "description": label,
        "left": {"object": left, "field": "left"},
        "right": {"object": right, "field": "right"},
        "attributes": [{"name": "role", "type": "text", "label": "Role"}],
    }
    return Component("relation", "Pair", body, PACKAGE)


def carried_out(rows, proposal):
    """Give the rows after a proposal."""
    return after(rows, plan_changes(rows, proposal, formulas(rows)))


def shipped_as(rows, package, change=FIRST):
    """Give what is noted of a package once it is installed."""
    ids = {row.component.key: row.id for row in rows if row.deleted_at is None}
    here = [
        (ids.get(change.names.get(c.key, c.key), change.away.get(c.key)), c)
        for c in shipped_by(package)
    ]
    return tuple(Shipped(number, one) for number, one in here if number is not None)


def installed(package):
    """Give a tenant with something of its own and a package, and what it was shipped as."""
    rows = carried_out(OWN, first_proposal(package))
    return rows, shipped_as(rows, package)


def ids_of_gone(rows, shipped):
    """Give the ids of what was shipped and was removed here."""
    there = {row.id for row in rows if row.deleted_at is None}
    return {one.id for one in live_shipped(rows, shipped).values()} - there


def called_otherwise(package, *, renames):
    """Give the next version of a package, with other help texts, or another name of an object."""
    told = Manifest(PACKAGE, "Test", "1.2.0")
    if not renames:
        said = tuple(
            replace(c, body={**c.body, "help": "Newer"}) if c.kind == "field" else c
            for c in package.components
        )
        return replace(package, manifest=told, components=said)
    name = next(one.name for one in package.components if one.kind == "object")
    rows = stored(*package.components)
    plan = plan_changes(
        rows, Proposal(renames=((("object", fold(name)), "Omega"),)), formulas(rows)
    )
    made = tuple(row.component for row in after(rows, plan))
    told = replace(told, renames=(Rename("object", name, "Omega", "1.2.0"),))
    return replace(package, manifest=told, components=made)


def live(rows):
    """Give what is there, but for the component that tells of the package itself."""
    found = (row.component for row in rows if row.deleted_at is None)
    return [one for one in found if one.kind != "package"]


def said_by(components):
    """Give names and bodies, whoever ships them."""
    return digest_of(replace(one, package=None) for one in components)


OWN = stored(
    *(replace(c, package=None) for c in an_object("Mine__c", {"name": "x", "type": "text"}))
)


@st.composite
def customised(draw, rows):
    """Give what a tenant may make of a package, step by step."""
    for _ in range(draw(st.integers(0, 4))):
        packaged = [one for one in live(rows) if one.package == PACKAGE and one.kind == "field"]
        objects = [one for one in live(rows) if one.package == PACKAGE and one.kind == "object"]
        doing = draw(st.sampled_from(["change", "rename", "rename object", "remove", "add"]))
        proposal = None
        if doing == "add" and objects:
            owner = draw(st.sampled_from(objects)).name
            name = f"{owner}.{draw(st.sampled_from(['own1', 'own2']))}"
            body = {"object": owner, "type": "text"}
            proposal = Proposal(upserts=(Component("field", name, body),))
        elif doing == "rename object" and objects:
            one = draw(st.sampled_from(objects))
            proposal = Proposal(renames=((one.key, f"My{one.name}"),))
        elif packaged:
            one = draw(st.sampled_from(packaged))
            if doing == "change":
                body = {
                    **one.body,
                    "label": "Mine",
                    draw(st.sampled_from(["help", "label"])): "Own",
                }
                proposal = Proposal(upserts=(replace(one, body=body),))
            elif doing == "rename":
                owner, _, own = one.name.partition(".")
                proposal = Proposal(renames=((one.key, f"{owner}.my_{own}"),))
            elif doing == "remove":
                proposal = Proposal(removals=(one.key,))
        if proposal is not None:
            try:
                rows = carried_out(rows, proposal)
            except Several:
                continue
    return rows


@settings(max_examples=40)
@given(SHAPES, SHAPES)
def test_an_upgrade_of_what_nobody_touched_is_the_new_version(one, other):
    first, second = a_package("1.0.0", one), a_package("1.1.0", other)
    rows, shipped = installed(first)

    change = package_change(rows, shipped, second, {}, formulas)
    upgraded = carried_out(rows, change.proposal)

    assert change.conflicts == ()
    assert digest_of(live(upgraded)) == digest_of(live(installed(second)[0]))
    again = package_change(upgraded, shipped_as(upgraded, second), second, {}, formulas)
    assert plan_changes(upgraded, again.proposal, formulas(upgraded)).changes == ()


@settings(max_examples=60)
@given(SHAPES, SHAPES, st.data())
def test_customisations_survive_an_upgrade_or_are_listed(one, other, data):
    first, second = a_package("1.0.0", one), a_package("1.1.0", other)
    rows, shipped = installed(first)
    base = {c.key: c for c in shipped_by(first)}
    theirs = {c.key: c for c in shipped_by(second)}
    rows = data.draw(customised(rows))
    was = {row.component.key: row.component for row in under_shipped_names(rows, shipped, formulas)}

    try:
        change = package_change(rows, shipped, second, {}, formulas)
        upgraded = carried_out(rows, change.proposal)
    except Several:
        return  # A formula needs what was removed here, which is told before anything is done.

    now = {
        row.component.key: row.component
        for row in under_shipped_names(upgraded, shipped, formulas)
        if row.deleted_at is None
    }
    listed = {conflict.key for conflict in change.conflicts}
    for key, mine in was.items():
        if mine.kind != "field" or mine.package != PACKAGE or key not in base or key not in now:
            continue
        for place in ("label", "help", "description"):
            sides = [side.body.get(place) for side in (base[key], theirs.get(key, base[key]), mine)]
            if sides[2] != sides[0]:
                assert now[key].body.get(place) == sides[2]
                told = f"field:{mine.name}#/{place}" in listed or f"field:{mine.name}" in listed
                assert told or sides[1] in (sides[0], sides[2])
            elif f"field:{mine.name}" not in listed:
                assert now[key].body.get(place) == sides[1]


@settings(max_examples=40)
@given(SHAPES, SHAPES, st.data(), st.sampled_from(Choice), st.booleans())
def test_what_was_removed_here_stays_away_over_two_upgrades(one, other, data, choice, renames):
    both = {
        name: (label, {**other.get(name, ("", {}))[1], **own}) for name, (label, own) in one.items()
    }
    packages = [a_package("1.0.0", one), a_package("1.1.0", {**other, **both})]
    packages.append(called_otherwise(packages[1], renames=renames))
    rows, shipped = installed(packages[0])
    rows = data.draw(customised(rows))
    fields = [c for c in live(rows) if c.package == PACKAGE and c.kind in ("field", "object")]
    for gone in data.draw(st.lists(st.sampled_from(fields), max_size=2, unique_by=id)):
        with suppress(Several):
            rows = carried_out(rows, Proposal(removals=(gone.key,)))
    removed = ids_of_gone(rows, shipped)

    for package in packages[1:]:
        try:
            asked = package_change(rows, shipped, package, {}, formulas).conflicts
            choices = {conflict.key: choice for conflict in asked}
            change = package_change(rows, shipped, package, choices, formulas)
            rows = carried_out(rows, change.proposal)
        except Several:
            return  # A formula needs what was removed here, which is told before anything is done.
        noted = shipped_as(rows, package, change)
        wanted_back = len(ids_of_gone(rows, shipped)) < len(removed)
        assert not wanted_back or (choice is Choice.THEIRS and asked)
        shipped = noted
        if not wanted_back:
            # What is away is known to be, by its id, so that the page of the package lists it.
            assert removed <= ids_of_gone(rows, shipped)
        removed = ids_of_gone(rows, shipped)
        event(f"{bool(removed)} {choice} {bool(asked)}")

    gone = carried_out(rows, package_removal(rows, [PACKAGE], along=True).proposal)
    assert digest_of(live(gone)) == digest_of(live(OWN))


@settings(max_examples=60)
@given(SHAPES, SHAPES, st.data(), st.sampled_from(Choice))
def test_after_all_of_it_nothing_of_a_package_is_left(one, other, data, choice):
    first, second = a_package("1.0.0", one), a_package("1.1.0", other)
    rows, shipped = installed(first)
    rows = data.draw(customised(rows))
    try:
        conflicts = package_change(rows, shipped, second, {}, formulas).conflicts
        choices = {conflict.key: choice for conflict in conflicts}
        change = package_change(rows, shipped, second, choices, formulas)
        upgraded = carried_out(rows, change.proposal)
    except Several:
        upgraded = rows

    removal = package_removal(upgraded, [PACKAGE], along=True)
    gone = carried_out(upgraded, removal.proposal)

    assert removal.leaning == ()
    assert digest_of(live(gone)) == digest_of(live(OWN))


@settings(max_examples=40)
@given(SHAPES, SHAPES, st.data())
def test_undoing_an_upgrade_restores_the_digest(one, other, data):
    first, second = a_package("1.0.0", one), a_package("1.1.0", other)
    rows, shipped = installed(first)
    rows = data.draw(customised(rows))
    try:
        change = package_change(rows, shipped, second, {}, formulas)
        plan = plan_changes(rows, change.proposal, formulas(rows))
    except Several:
        return
    upgraded = after(rows, plan)
    ids = {row.component.key: row.id for row in upgraded if row.deleted_at is None}
    changes = [replace(c, id=c.id or (ids[c.after.key] if c.after else 0)) for c in plan.changes]

    proposal, problems = undoing(changes, upgraded)
    back = carried_out(upgraded, proposal)

    assert problems == ()
    assert digest_of(r.component for r in back if r.deleted_at is None) == digest_of(
        r.component for r in rows if r.deleted_at is None
    )


@settings(max_examples=25)
@given(SHAPES, st.data(), st.sampled_from([None, *Choice]))
def test_an_object_that_comes_no_more_is_kept_or_goes_with_all_that_belongs_to_it(
    shape, data, choice
):
    first, second = a_package("1.0.0", shape), a_package("1.1.0", {})
    rows, shipped = installed(first)
    objects = [one for one in live(rows) if one.package == PACKAGE and one.kind == "object"]
    mine = [replace(one, body={**one.body, "description": "Mine"}) for one in objects]
    fields = [one for one in live(rows) if one.package == PACKAGE and one.kind == "field"]
    if fields:
        one = data.draw(st.sampled_from(fields))
        mine.append(replace(one, body={**one.body, "description": "Mine"}))
    rows = carried_out(rows, Proposal(upserts=tuple(mine)))

    asked = package_change(rows, shipped, second, {}, formulas).conflicts
    choices = {conflict.key: choice for conflict in asked} if choice else {}
    change = package_change(rows, shipped, second, choices, formulas)
    upgraded = carried_out(rows, change.proposal)

    assert [one.choice for one in change.conflicts] == [choice] * len(objects)
    left = live(OWN) if choice is Choice.THEIRS else live(rows)
    assert said_by(live(upgraded)) == said_by(left)


def test_a_field_that_the_package_renames_keeps_its_id_and_what_was_made_of_it():
    first = a_package("1.0.0", {"Alpha": ("One", {"a": {"type": "text"}})})
    rename = Rename("field", "Alpha.a", "Alpha.better", "1.1.0")
    second = a_package(
        "1.1.0", {"Alpha": ("One", {"better": {"type": "text", "help": "New"}})}, rename
    )
    rows, shipped = installed(first)
    field = next(c for c in live(rows) if c.name == "Alpha.a")
    mine = replace(field, body={**field.body, "label": "Mine"})
    rows = carried_out(rows, Proposal(upserts=(mine,)))
    number = next(row.id for row in rows if row.component == mine)

    change = package_change(rows, shipped, second, {}, formulas)
    upgraded = {row.id: row.component for row in carried_out(rows, change.proposal)}

    assert change.conflicts == ()
    assert upgraded[number].name == "Alpha.better"
    assert upgraded[number].body == {**mine.body, "help": "New"}


def test_a_changed_relation_leaves_alone_what_was_made_of_its_parts():
    shape: dict[str, Any] = {"Alpha": ("One", {}), "Beta": ("One", {})}
    first, second = a_package("1.0.0", shape), a_package("1.1.0", shape)
    changed = a_relation("Alpha", "Beta", "Two")
    second = replace(second, components=(*second.components[:-1], changed))
    rows, shipped = installed(first)
    role = next(c for c in live(rows) if c.name == "Pair.role")
    mine = replace(role, body={**role.body, "label": "Mine"})
    rows = carried_out(rows, Proposal(upserts=(mine,)))

    change = package_change(rows, shipped, second, {}, formulas)
    upgraded = live(carried_out(rows, change.proposal))
    removed = carried_out(rows, Proposal(removals=(("field", "pair.role"),)))
    again = live(
        carried_out(removed, package_change(removed, shipped, second, {}, formulas).proposal)
    )

    assert change.conflicts == ()
    assert mine in upgraded
    assert changed in upgraded
    assert changed in again
    assert "Pair.role" not in {one.name for one in again}


def test_renames_over_several_versions_are_followed_from_one_to_the_next():
    first = a_package("1.0.0", {"Alpha": ("One", {"a": {"type": "text"}})})
    renames = (
        Rename("field", "Alpha.b", "Alpha.c", "1.2.0"),
        Rename("field", "Alpha.a", "Alpha.b", "1.1.0"),
    )
    third = a_package("1.2.0", {"Alpha": ("One", {"c": {"type": "text"}})}, *renames)
    rows, shipped = installed(first)
    number = next(row.id for row in rows if row.component.name == "Alpha.a")

    change = package_change(rows, shipped, third, {}, formulas)
    upgraded = {row.id: row for row in carried_out(rows, change.proposal)}

    assert upgraded[number].component.name == "Alpha.c"
    assert upgraded[number].deleted_at is None


def test_a_shipped_name_that_was_given_to_another_is_a_conflict():
    shape: dict[str, Any] = {"Alpha": ("One", {"a": {"type": "text"}})}
    first, second = a_package("1.0.0", shape), a_package("1.1.0", shape)
    rows, shipped = installed(first)
    rows = carried_out(rows, Proposal(renames=((("field", "alpha.a"), "Alpha.memo"),)))
    own = Component("field", "Alpha.a", {"object": "Alpha", "type": "number"})
    rows = carried_out(rows, Proposal(creates=(own,)))

    change = package_change(rows, shipped, second, {}, formulas)
    upgraded = live(carried_out(rows, change.proposal))

    assert [one.key for one in change.conflicts][:1] == ["field:Alpha.a"]
    assert own in upgraded
    assert "Alpha.memo" in {one.name for one in upgraded}
