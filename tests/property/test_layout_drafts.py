"""Drafts of layouts: whatever buttons are pressed, fields stay, each once, and drafts read back."""

from __future__ import annotations

from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.metadata.kinds.layout import LayoutBody, LayoutItem, LayoutSection, RelatedList
from fieldstone.ui_generator.layout_drafts import (
    Draft,
    Spot,
    body_of,
    do,
    draft_of,
    read_draft,
    write_draft,
)

FIELDS = ("name", "phone", "fax", "website", "industry")
START = Draft(
    LayoutBody(
        "Company",
        "?",
        (
            LayoutSection("A", ((LayoutItem("name"), LayoutItem()), (LayoutItem("phone"),))),
            LayoutSection("B", ((LayoutItem("fax", "readonly"),),), collapsed=True),
        ),
        (RelatedList("Deal.company", ("value",)),),
    )
)
SPOTS = st.one_of(
    st.builds(
        lambda *at: Spot("item", at).text, st.integers(0, 2), st.integers(0, 1), st.integers(0, 3)
    ),
    st.integers(0, 3).map(lambda n: Spot("section", (n,)).text),
    st.integers(0, 1).map(lambda n: Spot("related", (n,)).text),
    st.sampled_from(("", "item-1", "x-0", "section--1", "item-a-b-c")),
)
BUTTONS = ("up", "down", "left", "right", "split", "section", "gap", "choose", "behave:required")
DROPS = ("drop:0-1-0", "drop:1-0-9", "drop:1", "drop:0", "drop:0-7-0", "drop:x")
MOVES = st.sampled_from((*BUTTONS, *DROPS, "no"))
CHANGES = st.one_of(
    MOVES,
    st.just("remove"),
    st.sampled_from(FIELDS).map(lambda name: f"add:{name}"),
    st.just("relate:Contact.company"),
    st.sampled_from(FIELDS).map(lambda name: f"drop-new:0-0-1:{name}"),
)


def fields_of(draft: Draft) -> Counter[str | None]:
    """Count the fields that a draft places."""
    sections = draft.body.sections
    items = (item for one in sections for column in one.columns for item in column)
    return Counter(item.field for item in items if item.field)


def pressed(presses: list[tuple[str, str]]) -> Draft:
    """Give the draft after buttons were pressed."""
    draft = START
    for does, spot in presses:
        draft = do(draft, f"{does}@{spot}" if spot else does)
    return draft


@given(st.lists(st.tuples(MOVES, SPOTS), max_size=30))
def test_moving_keeps_every_field(presses: list[tuple[str, str]]) -> None:
    assert fields_of(pressed(presses)) == fields_of(START)


@given(st.lists(st.tuples(CHANGES, SPOTS), max_size=30))
def test_no_field_has_two_places_and_drafts_read_back(presses: list[tuple[str, str]]) -> None:
    draft = pressed(presses)

    back = read_draft(write_draft(draft), draft.chosen.text)
    declared = msgspec.convert(body_of("layout", draft), LayoutBody)

    assert set(fields_of(draft).values()) <= {1}
    assert back == draft
    assert draft_of(declared).body == draft.body
