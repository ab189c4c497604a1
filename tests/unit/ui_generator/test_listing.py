"""Lists: what the address says, the list shows; what the list links to, says the same again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.datastructures import QueryParams

from fieldstone.metadata.rights import ADMINISTRATOR, Rights
from fieldstone.query_language.render import render_condition
from fieldstone.query_language.syntax import And, Condition
from fieldstone.runtime.list_views import ListView, read_view
from fieldstone.ui_generator.columns import columns_at
from fieldstone.ui_generator.listing import Listing, read_listing, usual_columns, with_unseen
from tests.support.components import a_catalog, an_object, stored

CATALOG = a_catalog(
    stored(
        *an_object("Company", {"name": "name", "type": "text"}),
        *an_object(
            "Deal",
            {"name": "name", "type": "text", "required": True},
            {"name": "value", "type": "currency"},
            {"name": "stage", "type": "picklist", "options": ["Lead", "Won"]},
            {"name": "close_date", "type": "date"},
            {"name": "won", "type": "checkbox"},
            {"name": "company", "type": "lookup", "references": "Company"},
            {"name": "notes", "type": "long_text"},
            {"name": "tags", "type": "multi_select", "options": ["a", "b"]},
        ),
    )
)
DEAL = CATALOG.get_object("Deal")


def a_list(address: str) -> Listing:
    """Read a list from the part of an address behind the question mark."""
    return read_listing(DEAL, ADMINISTRATOR, QueryParams(address), catalog=CATALOG)


@pytest.mark.parametrize(
    ("chip", "condition"),
    [
        ("stage:is:Won", "stage = 'Won'"),
        ("name:contains:50%", "name LIKE '%50\\%%'"),
        ("name:starts:Ac", "name LIKE 'Ac%'"),
        ("name:is:O'Neill", "name = 'O\\'Neill'"),
        ("value:over:1,000.50", "value > 1000.50"),
        ("value:at_most:12", "value <= 12"),
        ("close_date:before:2026-12-01", "close_date < 2026-12-01"),
        ("close_date:on:THIS_MONTH", "close_date = THIS_MONTH"),
        ("won:is:yes", "won = TRUE"),
        ("tags:includes:a", "tags INCLUDES ('a')"),
        ("company:empty", "company = NULL"),
        ("company:filled", "company != NULL"),
        ("company:is:company_1f", "company = 'company_1f'"),
    ],
)
def test_a_chip_is_a_condition_of_the_query_language(chip: str, condition: str) -> None:
    found = a_list(f"f={chip.replace('%', '%25').replace('+', '%2B')}")

    assert found.problems == ()
    assert found.condition is not None
    assert render_condition(found.condition) == condition


def test_chips_and_query_text_hold_together() -> None:
    found = a_list("f=stage:is:Won&where=value > 5")

    assert found.condition is not None
    assert render_condition(found.condition) == "stage = 'Won' AND value > 5"


@pytest.mark.parametrize(
    "address",
    ["", "f=stage%3Ais%3AWon&sort=-value", "where=value+%3E+5&columns=stage%2Cvalue&after=abc"],
)
def test_the_address_of_a_list_reads_as_the_same_list(address: str) -> None:
    found = a_list(address)

    again = a_list(urlsplit(found.address(after=found.after)).query)

    assert again == found


def test_sorting_turns_round_and_begins_at_the_first_page() -> None:
    found = a_list("sort=value&after=abc")

    assert found.sorted_by(DEAL.get_field("value")) == "/admin/Deal?sort=-value"
    assert found.sorted_by(DEAL.get_field("stage")) == "/admin/Deal?sort=stage"
    assert found.direction_of(DEAL.get_field("value")) == "ascending"


@pytest.mark.parametrize(
    "chip", ["nope:is:1", "stage:over:1", "stage:is:", "notes:contains:x", "value:over:x", "stage"]
)
def test_a_chip_that_cannot_be_is_told_and_left_out(chip: str) -> None:
    found = a_list(f"f={chip}")

    assert len(found.problems) == 1
    assert found.condition is None


def test_a_list_that_nobody_arranged_shows_what_tells_most() -> None:
    columns = [column.name for column in usual_columns(DEAL, ADMINISTRATOR)]

    assert columns[:6] == ["name", "value", "stage", "close_date", "won", "company"]
    assert "notes" not in columns


def a_view(where: str | None = None, **said: Any) -> ListView:
    """Make a view of deals."""
    body = {"object": "Deal", "label": "Mine", "where": where, **said}
    return read_view(DEAL, "Mine", body, personal=True)


@pytest.mark.parametrize(
    ("where", "chips", "rest"),
    [
        (None, [], ""),
        ("stage = 'Won' AND value > 5", ["stage:is:Won", "value:over:5"], ""),
        ("Name LIKE 'Ac%' AND won = TRUE", ["name:starts:Ac", "won:is:yes"], ""),
        ("name LIKE '%50\\%%'", ["name:contains:50%"], ""),
        ("close_date = THIS_MONTH AND company = NULL", ["close_date:on:THIS_MONTH"], None),
        ("tags INCLUDES ('a', 'b')", [], "tags INCLUDES ('a', 'b')"),
        ("stage = 'Won' OR value > 5", [], "stage = 'Won' OR value > 5"),
        ("company.name = 'A' AND value = 5", ["value:is:5"], "company.name = 'A'"),
    ],
)
def test_the_condition_of_a_view_is_told_as_chips_where_it_can_be(
    where: str | None, chips: list[str], rest: str | None
) -> None:
    view = a_view(where)

    found = read_listing(DEAL, ADMINISTRATOR, QueryParams(""), catalog=CATALOG, view=view)

    told = [one.in_address for one in found.filters]
    assert told[: len(chips)] == chips
    assert rest is None or found.where == rest
    assert not found.is_changed
    assert _members(found.condition) == _members(view.condition)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "where=",
        "f=value%3Aover%3A7",
        "sort=",
        "sort=company.name&scope=everything",
        "columns=company.name%2Cvalue&scope=mine",
    ],
)
def test_what_an_address_says_takes_the_place_of_its_part_of_the_view(address: str) -> None:
    view = a_view(
        "stage = 'Won'", columns=["name", "company.name"], sort=[{"path": "value"}], scope="mine"
    )
    found = read_listing(DEAL, ADMINISTRATOR, QueryParams(address), catalog=CATALOG, view=view)

    again = read_listing(
        *(DEAL, ADMINISTRATOR, QueryParams(urlsplit(found.address()).query)),
        catalog=CATALOG,
        view=view,
    )

    assert [again.said, again.own] == [found.said, found.own]
    assert found.is_changed is (address != "")
    dropped = found.address(filters=(), where="", mine=False)
    bare = read_listing(
        *(DEAL, ADMINISTRATOR, QueryParams(urlsplit(dropped).query)), catalog=CATALOG, view=view
    )
    assert (bare.condition, bare.mine) == (None, False)


def test_columns_of_parents_are_called_by_their_paths() -> None:
    columns = columns_at(
        CATALOG, DEAL, ADMINISTRATOR, ["Company.Name", "company__r.name", "nope.x"]
    )

    assert [(one.name, one.label) for one in columns] == [
        ("company.name", "Company \N{MIDDLE DOT} Name")
    ]


def _members(condition: Condition | None) -> set[str]:
    parts = condition.conditions if isinstance(condition, And) else (condition,)
    return {render_condition(one).lower() for one in parts if one is not None}


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", {}),
        ("f=stage:is:Lead", {"where": "stage = 'Lead'"}),
        ("sort=-value", {"sort": [{"path": "value", "descending": True}]}),
        ("columns=stage", {"columns": ["name", "stage"]}),
        ("scope=mine", {"scope": "mine"}),
    ],
)
def test_a_view_is_told_nothing_but_what_was_changed(address: str, said: dict[str, Any]) -> None:
    paths = ("company", "value", "stage", "close_date", "won")
    sort = [{"path": one} for one in paths]
    body: dict[str, Any] = {"object": "Deal", "label": "V", "where": "won = TRUE", "sort": sort}
    view = read_view(DEAL, "V", body, personal=False)

    found = read_listing(DEAL, ADMINISTRATOR, QueryParams(address), catalog=CATALOG, view=view)

    assert found.said_anew == said


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        (["name", "won"], ["name", "value", "notes", "won"]),
        (["name", "won", "stage"], ["name", "value", "won", "stage", "notes"]),
        (["name"], ["name", "value", "notes"]),
    ],
)
def test_columns_that_others_alone_see_stay_in_a_view_of_all(
    chosen: list[str], kept: list[str]
) -> None:
    unread = frozenset(DEAL.by_name[one].id for one in ("value", "notes"))
    viewer = Rights("limited", unreadable_fields=unread)
    body = {"object": "Deal", "label": "V", "columns": ["value", "stage", "notes", "won"]}
    view = read_view(DEAL, "V", body, personal=False)

    assert list(with_unseen(CATALOG, viewer, view, chosen)) == kept
