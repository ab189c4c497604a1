"""Tests of merging branches: renames, independent edits in either order, and what disagrees."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from fieldstone.metadata.branch_history import Common
from fieldstone.metadata.branch_merge import (
    Edge,
    changes_since,
    copied,
    merge_branch,
    paired,
    rebased,
)
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import Component
from fieldstone.metadata.digests import digest_of
from fieldstone.metadata.merging import Choice
from fieldstone.metadata.values import JsonObject
from fieldstone.query_language.formula.renaming import FormulaRenames
from tests.support.components import a_catalog, after, an_object, stored

RULE: JsonObject = {"object": "Deal", "condition": "size > 7", "message": "No."}
START = (
    *an_object("Deal", {"name": "size", "type": "number"}, {"name": "note", "type": "text"}),
    *an_object("Task", {"name": "deal", "type": "lookup", "references": "Deal"}),
    Component("validation_rule", "Deal.small", RULE, "test"),
)
SIZE, NOTE = ("field", "deal.size"), ("field", "deal.note")


def started():
    """Give both sides of a fresh branch, with ids of their own."""
    rows = stored(*START)
    return rows, [replace(row, id=row.id + 1000) for row in rows]


def done(rows, proposal):
    return after(rows, plan_changes(rows, proposal, FormulaRenames(a_catalog(rows))))


def merged(base, theirs, ours, choices=None):
    """Give the merge of one side into the other, and our components after it."""
    pairs = [(one.branch_id, one.parent_id, one.base) for one in paired(*base)]
    there, here = (Edge(rows, FormulaRenames(a_catalog(rows))) for rows in (theirs, ours))
    merge = merge_branch(pairs, there, here, choices or {})
    return merge, done(ours, merge.proposal)


def live(rows):
    return {row.component.name: row.component for row in rows if row.deleted_at is None}


def upsert(rows, key, **body):
    one = next(row.component for row in rows if row.component.key == key and not row.deleted_at)
    return Proposal(upserts=(replace(one, body={**one.body, **body}),))


def test_renames_of_both_sides_meet_and_formulas_follow_them():
    base = parent, branch = started()
    theirs = done(
        branch,
        Proposal(renames=((("object", "deal"), "Sale"), (("field", "sale.note"), "Sale.remark"))),
    )
    theirs = done(theirs, upsert(theirs, ("field", "sale.remark"), label="Remark"))
    ours = done(parent, Proposal(renames=((SIZE, "Deal.width"),)))
    extra = {"object": "Deal", "condition": "width > 9", "message": "Really."}
    ours = done(ours, Proposal(creates=(Component("validation_rule", "Deal.big", extra),)))

    merge, result = merged(base, theirs, ours)

    assert merge.conflicts == ()
    names = live(result)
    assert {"Sale", "Sale.width", "Sale.remark", "Sale.small", "Sale.big"} <= names.keys()
    assert names["Sale.small"].body["condition"] == "width > 7"
    assert names["Sale.remark"].body["label"] == "Remark"
    assert names["Task.deal"].body["references"] == "Sale"


def test_a_name_that_both_changed_waits_for_a_choice():
    base = parent, branch = started()
    theirs = done(branch, Proposal(renames=((SIZE, "Deal.length"),)))
    ours = done(parent, Proposal(renames=((SIZE, "Deal.width"),)))

    merge, undecided = merged(base, theirs, ours)
    (conflict,) = merge.open_conflicts
    _, chosen = merged(base, theirs, ours, {conflict.key: Choice.THEIRS})

    assert conflict.key == "field:Deal.width#/name"
    assert "Deal.width" in live(undecided)
    assert "Deal.length" in live(chosen)


def test_what_one_side_removed_goes_unless_the_other_changed_it():
    base = parent, branch = started()
    theirs = done(branch, Proposal(removals=(NOTE,)))
    ours = done(parent, upsert(parent, NOTE, label="Kept"))

    _, gone = merged(base, theirs, parent)
    merge, kept = merged(base, theirs, ours)

    assert "Deal.note" not in live(gone)
    assert "Deal.note" in live(kept)
    assert [one.key for one in merge.open_conflicts] == ["field:Deal.note"]


EDITS = st.lists(
    st.sampled_from(
        [
            ("label", SIZE),
            ("help", SIZE),
            ("description", NOTE),
            ("label", NOTE),
            ("description", ("object", "deal")),
            ("message", ("validation_rule", "deal.small")),
        ]
    ),
    unique=True,
)


@settings(max_examples=25)
@given(EDITS, st.data())
def test_independent_edits_give_the_same_whichever_side_they_are_merged_into(edits, data):
    base = parent, branch = started()
    theirs, ours = branch, parent
    for key, target in edits:
        if data.draw(st.booleans()):
            theirs = done(theirs, upsert(theirs, target, **{key: "New"}))
        else:
            ours = done(ours, upsert(ours, target, **{key: "New"}))

    there, into_ours = merged(base, theirs, ours)
    here, into_theirs = merged(base[::-1], ours, theirs)

    assert (there.conflicts, here.conflicts) == ((), ())
    assert digest_of(live(into_ours).values()) == digest_of(live(into_theirs).values())
    again, _ = merged(base, theirs, into_ours)
    assert plan_changes(into_ours, again.proposal).changes == ()


def brought(pairs, parent, branch, *, into_parent):
    """Give conflicts, both sides and what they have in common after one was merged, kept as is."""
    theirs, ours = (branch, parent) if into_parent else (parent, branch)
    there, here = (Edge(rows, FormulaRenames(a_catalog(rows))) for rows in (theirs, ours))
    ids = [(p.branch_id, p.parent_id) if into_parent else (p.parent_id, p.branch_id) for p in pairs]
    known = [(*both, pair.base) for both, pair in zip(ids, pairs, strict=True)]
    merge = merge_branch(known, there, here, {})
    ours = done(ours, merge.proposal)
    parent, branch = (ours, branch) if into_parent else (parent, ours)
    edges = (Edge(rows, FormulaRenames(a_catalog(rows))) for rows in (parent, branch))
    return merge.conflicts, parent, branch, rebased(pairs, *edges, into_parent=into_parent)


def edited(rows, key, edit):
    """Give one side after something was made different there."""
    if edit == "remove":
        return done(rows, Proposal(removals=(key,)))
    if edit == "rename":
        return done(rows, Proposal(renames=((key, f"{key[1]}_new"),)))
    if edit == "create":
        owner = key[1].split(".")[0].title()
        return done(
            rows,
            Proposal(
                creates=(Component("field", f"{key[1]}_too", {"object": owner, "type": "text"}),)
            ),
        )
    return done(rows, upsert(rows, key, label=edit))


DEEDS = st.sampled_from(["New", "remove", "rename", "create"])
WAYS = st.lists(st.booleans(), min_size=1, max_size=4)


@settings(max_examples=60)
@given(DEEDS, DEEDS, WAYS)
def test_the_work_of_both_sides_lives_however_often_they_are_merged(mine, theirs, ways):
    parent, branch = started()
    other = ("field", "task.deal")
    pairs = paired(parent, branch)
    branch, parent = edited(branch, NOTE, mine), edited(parent, other, theirs)
    wanted = digest_of(live(edited(edited(started()[0], NOTE, mine), other, theirs)).values())
    for into_parent in (*ways, True, False):
        conflicts, parent, branch, pairs = brought(pairs, parent, branch, into_parent=into_parent)
        assert conflicts == ()

    assert digest_of(live(parent).values()) == digest_of(live(branch).values()) == wanted


def by_ids(common):
    """Give what both sides had in common by the ids on both sides."""
    return {(one.parent_id, one.branch_id): one.base for one in common.pairs}


@settings(max_examples=30)
@given(DEEDS, DEEDS, st.booleans())
def test_a_merge_that_is_undone_can_be_done_again(mine, theirs, into_parent):
    parent, branch = started()
    first = Common(paired(parent, branch))
    branch, parent = edited(branch, NOTE, mine), edited(parent, ("field", "task.deal"), theirs)
    sides, common = [(parent, branch)], [first]
    for version, way in ((5, into_parent), (7, not into_parent)):
        _, *both, pairs = brought(common[-1].pairs, *sides[-1], into_parent=way)
        common.append(common[-1].after_merge(pairs, into_parent=way, version=version))
        sides.append(tuple(both))

    found = common[-1].without({7}, {7})
    both_undone = common[-1].without({5, 7}, {5, 7})
    stands = common[-1].without((), ())

    assert stands == common[-1]
    assert by_ids(both_undone) == by_ids(first)
    assert by_ids(found) == by_ids(common[1])
    _, *again, _ = brought(found.pairs, *sides[1], into_parent=not into_parent)
    assert [digest_of(live(rows).values()) for rows in again] == [
        digest_of(live(rows).values()) for rows in sides[2]
    ]


def test_what_one_side_removed_stays_away_at_each_merge_and_goes_with_the_next_update():
    parent, branch = started()
    pairs = paired(parent, branch)
    parent = done(parent, Proposal(removals=(NOTE,)))

    for _ in range(2):
        _, parent, branch, pairs = brought(pairs, parent, branch, into_parent=True)
        assert "Deal.note" not in live(parent)
        assert "Deal.note" in live(branch)
    _, _, branch, _ = brought(pairs, parent, branch, into_parent=False)

    assert "Deal.note" not in live(branch)


def test_what_one_side_changed_is_told_against_what_it_began_with():
    rows, _ = started()
    bases = {row.id: row.component for row in rows}
    now = done(rows, Proposal(removals=(NOTE,), renames=((SIZE, "Deal.width"),)))

    found = changes_since(bases, Edge(now, FormulaRenames(a_catalog(now))))

    assert {(one.operation, one.after.name if one.after else "") for one in found} == {
        ("change", "Deal.width"),
        ("change", "Deal.small"),
        ("remove", ""),
    }


def test_a_relation_comes_with_the_parts_that_it_has_and_not_with_those_it_stands_for():
    body: JsonObject = {
        "label": "Link",
        "left": {"object": "Deal", "field": "deal"},
        "right": {"object": "Task", "field": "task"},
        "attributes": [{"name": "role", "type": "text"}],
    }
    key = ("relation", "link")
    rows = done(stored(*START), Proposal(creates=(Component("relation", "Link", body),)))
    parent = done(rows, Proposal(removals=(("field", "link.role"),)))
    branch = [replace(row, id=row.id + 1000) for row in done([], copied(parent))]
    pruned = done(branch, Proposal(removals=(key,)))
    theirs = done(
        parent, Proposal(upserts=(Component("relation", "Link", {**body, "label": "L"}),))
    )
    theirs = done(theirs, Proposal(removals=(("field", "link.role"),)))

    merge, result = merged((parent, branch), theirs, branch)
    _, again = merged((parent, branch), theirs, pruned, {"relation:Link": Choice.THEIRS})

    assert live(branch).keys() == live(parent).keys()
    assert merge.conflicts == ()
    assert live(result)["Link"].body["label"] == "L"
    assert "Link.role" not in live(result)
    assert live(again).keys() == live(parent).keys()
