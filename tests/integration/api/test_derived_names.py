"""A name and its parts: either tells the other, and where both are told they must agree."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import Api

ALICE = {"first_name": "Alice", "last_name": "Smith"}


def said(record: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Give what a contact is called: whole, first and last name."""
    return record["name"], record["first_name"], record["last_name"]


@pytest.mark.parametrize(
    ("change", "becomes"),
    [
        ({"name": "Alice B. Brown"}, ("Alice B. Brown", "Alice B.", "Brown")),
        ({"name": "  Cher "}, ("Cher", None, "Cher")),
        ({"last_name": "Brown"}, ("Alice Brown", "Alice", "Brown")),
        ({"name": "Alice Smith", "last_name": "Brown"}, ("Alice Brown", "Alice", "Brown")),
        ({"name": "Eve Brown", **ALICE}, ("Eve Brown", "Eve", "Brown")),
        ({"name": "Eve de Vries", "last_name": "de Vries"}, ("Eve de Vries", "Eve", "de Vries")),
        ({"name": "Mary Ann Lee", "first_name": "Mary Ann"}, ("Mary Ann Lee", "Mary Ann", "Lee")),
        ({"name": "Eve Day", "first_name": "Eve", "last_name": "Day"}, ("Eve Day", "Eve", "Day")),
        ({"name": "Eve Day", "first_name": None}, ("Eve Day", None, "Eve Day")),
    ],
)
async def test_changed_name_and_parts_follow_each_other(
    api: Api, change: dict[str, Any], becomes: tuple[Any, Any, Any]
) -> None:
    made = await api.post("/contacts", ALICE)

    assert said(await api.patch(f"/contacts/{made['id']}", change)) == becomes


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Bob Brown", "first_name": "Eve"},
        {"name": "Bob Brown", "last_name": "Day"},
        {"name": "Bob Brown", "first_name": "Eve", "last_name": "Brown"},
        {"name": "Bob B. Brown", "first_name": "Bob", "last_name": "Brown"},
        {"name": None, "first_name": "Eve"},
    ],
)
async def test_name_that_contradicts_its_parts_is_refused(api: Api, change: dict[str, Any]) -> None:
    made = await api.post("/contacts", ALICE)
    path = f"/contacts/{made['id']}"

    [problem] = await api.refused("PATCH", path, change, status=422)

    assert (problem["code"], problem["at"]) == ("value.contradictory", "/name")
    assert problem["hint"] == "Send name, or first_name and last_name."
    assert said(await api.get(path)) == ("Alice Smith", "Alice", "Smith")


async def test_new_contact_may_have_its_name_in_any_way_but_not_in_two(api: Api) -> None:
    whole = await api.post("/contacts", {"name": "Bob de Vries", "first_name": "Bob"})
    [problem] = await api.refused("POST", "/contacts", {"name": "Bob B.", **ALICE}, status=422)

    assert said(whole) == ("Bob de Vries", "Bob", "de Vries")
    assert problem["code"] == "value.contradictory"


async def test_part_that_its_field_cannot_take_is_refused_where_it_was_said(api: Api) -> None:
    [problem] = await api.refused("POST", "/contacts", {"name": f"{'x' * 90} Brown"}, status=422)

    assert (problem["code"], problem["at"]) == ("value.invalid", "/name")


async def test_emptied_name_empties_its_parts(api: Api) -> None:
    made = await api.post("/contacts", {**ALICE, "email": "alice@acme.example"})

    shown = await api.patch(f"/contacts/{made['id']}", {"name": None})

    assert said(shown) == (None, None, None)
