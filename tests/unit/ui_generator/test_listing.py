"""Lists: what the address says, the list shows; what the list links to, says the same again."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from starlette.datastructures import QueryParams

from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.query_language.render import render_condition
from fieldstone.ui_generator.listing import Listing, read_listing, usual_columns
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
    return read_listing(DEAL, ADMINISTRATOR, QueryParams(address))


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
