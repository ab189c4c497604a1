"""Laws of three-way merging, over random declarations."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fieldstone.metadata.merging import Choice, merge_bodies
from fieldstone.metadata.values import write_canonical

SCALARS = st.none() | st.integers(2, 9) | st.sampled_from("xyz")
ELEMENTS = st.fixed_dictionaries(
    {"name": st.sampled_from("abcdefgh")}, optional={"label": SCALARS, "size": SCALARS}
)
LISTS = st.lists(ELEMENTS, max_size=6, unique_by=lambda one: one["name"])
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "label": SCALARS,
        "aliases": st.lists(st.sampled_from("pqrst"), max_size=4, unique=True),
        "columns": LISTS,
        "where": st.dictionaries(st.sampled_from("ab"), SCALARS, max_size=2),
        "parts": st.dictionaries(st.sampled_from("mn"), LISTS | SCALARS, max_size=2),
        "loose": st.lists(SCALARS, max_size=3),
    },
)


def without_order(value):
    """Give a value in which the order of lists does not count."""
    if isinstance(value, dict):
        return {key: without_order(part) for key, part in value.items()}
    if isinstance(value, list):
        return sorted((without_order(part) for part in value), key=write_canonical)
    return value


@settings(max_examples=60)
@given(BODIES, BODIES)
def test_what_one_side_alone_changed_is_taken_as_it_is(base, changed):
    for theirs, ours in ((changed, base), (base, changed), (changed, changed)):
        merged = merge_bodies(base, theirs, ours, {})

        assert merged.body == changed
        assert merged.clashes == ()


@settings(max_examples=60)
@given(BODIES, BODIES, BODIES)
def test_sides_exchanged_give_the_same_where_nothing_clashes(base, one, other):
    there, back = merge_bodies(base, one, other, {}), merge_bodies(base, other, one, {})

    assert {clash.at for clash in there.clashes} == {clash.at for clash in back.clashes}
    if not there.clashes:
        assert without_order(there.body) == without_order(back.body)


@settings(max_examples=60)
@given(BODIES, BODIES, BODIES)
def test_choosing_a_side_for_a_clash_is_the_same_as_exchanging_sides(base, one, other):
    chosen = {clash.at: Choice.THEIRS for clash in merge_bodies(base, one, other, {}).clashes}

    there, back = merge_bodies(base, one, other, chosen), merge_bodies(base, other, one, {})

    assert without_order(there.body) == without_order(back.body)


@settings(max_examples=60)
@given(BODIES, BODIES, BODIES)
def test_merging_what_was_merged_changes_nothing_more(base, theirs, ours):
    merged = merge_bodies(base, theirs, ours, {}).body

    again = merge_bodies(theirs, theirs, merged, {})

    assert again.body == merged
    assert again.clashes == ()
