"""What queries show of records, their parents and their children."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fieldstone.metadata.values import read_json
from fieldstone.runtime.queries import Question
from tests.support.query_world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_fields_are_shown_with_the_id(world: World) -> None:
    (record,) = await world.ask("SELECT Name, value FROM Deal WHERE name = 'ALPHA'")
    assert record["id"].startswith("deal_")
    assert list(record.items())[1:] == [("name", "Alpha"), ("value", Decimal("1000.5"))]


async def test_an_alias_that_was_asked_for_is_the_key(world: World) -> None:
    (record,) = await world.ask(
        "SELECT StageName, Amount, name AS title FROM Opportunity WHERE name = 'beta'"
    )
    assert {"StageName": "Closed Won", "amount": 2000, "title": "beta"}.items() <= record.items()


async def test_parents_are_shown_as_objects_and_null_where_there_is_none(world: World) -> None:
    records = await world.ask("SELECT name, company.name, Account.Industry FROM Deal ORDER BY name")
    alpha, delta = records[0], records[2]
    assert alpha["company"]["name"] == "Acme"
    assert alpha["company"]["id"].startswith("company_")
    assert alpha["Account"]["industry"] == "Technology"
    assert (delta["name"], delta["company"], delta["Account"]) == ("Delta", None, None)


async def test_a_parent_may_be_of_several_objects(world: World) -> None:
    records = await world.ask(
        "SELECT subject, related_to.name, What.stage, What.Owner.name FROM Task ORDER BY id"
    )
    company, deal, nothing = records
    assert company["related_to"]["id"].startswith("company_")
    assert company["related_to"]["name"] == "Acme"
    assert company["What"] == {"id": company["related_to"]["id"], "owner": None}
    assert (deal["related_to"]["name"], deal["What"]["stage"]) == ("Alpha", "Proposal")
    assert nothing["related_to"] is None


async def test_children_are_listed_below_each_row(world: World) -> None:
    (acme,) = await world.ask(
        "SELECT name, (SELECT name, value FROM deals WHERE value > 1 ORDER BY value DESC LIMIT 1), "
        "(SELECT name FROM contacts) FROM Company WHERE name = 'Acme'"
    )
    assert [deal["name"] for deal in acme["deals"]] == ["beta"]
    assert acme["contacts"] == []


async def test_all_fields_may_be_asked_for(world: World) -> None:
    (record,) = await world.ask("SELECT FIELDS(ALL) FROM Sample WHERE number = 0.1")
    assert record["tags"] == ["Red", "Green"]
    assert record["created_at"] == "2026-03-18T12:00:00.000Z"
    assert record["notes"] == "Very long notes"
    assert record["moment"] == "2026-03-18T23:30:00.000Z"


async def test_a_row_may_have_any_number_of_members(world: World) -> None:
    names = ", ".join(f"name AS n{number}" for number in range(230))
    (record,) = await world.ask(f"SELECT {names}, company.name FROM Deal WHERE name = 'Alpha'")
    assert list(record) == ["id", *(f"n{number}" for number in range(230)), "company"]
    assert record["company"]["name"] == "Acme"


async def test_the_json_form_asks_the_same(world: World) -> None:
    page = await world.page(
        Question.from_json(
            {
                "object": "deal",
                "fields": ["name", "company.name"],
                "where": "value > 100 AND stage = Proposal",
                "order_by": "value desc",
                "limit": 1,
            }
        )
    )
    assert page.total == 2
    record = read_json(page.records[0])
    assert isinstance(record, dict)
    assert record["name"] == "Alpha"
    assert page.next is not None


async def test_children_have_children(world: World) -> None:
    (acme,) = await world.ask(
        "SELECT name, (SELECT name, (SELECT subject FROM tasks) FROM deals ORDER BY name) "
        "FROM Company WHERE name = 'Acme'"
    )
    alpha, beta = acme["deals"]
    assert [task["subject"] for task in alpha["tasks"]] == ["Write"]
    assert (beta["name"], beta["tasks"]) == ("beta", [])


async def test_a_scope_narrows_to_the_viewers_own_records(world: World) -> None:
    assert len(await world.ask("SELECT id FROM Deal USING SCOPE everything")) == 4
    assert await world.ask("SELECT id FROM Deal USING SCOPE mine") == []


async def test_purposes_are_read_and_change_nothing(world: World) -> None:
    asked = "SELECT name FROM Deal WHERE stage = 'Proposal' ORDER BY name LIMIT 2"
    told = await world.ask(asked)
    for tail in ("FOR UPDATE", "FOR VIEW FOR REFERENCE", "UPDATE TRACKING, VIEWSTAT"):
        assert await world.ask(f"{asked} {tail}") == told


async def test_deleted_records_are_shown_with_all_rows_alone(world: World) -> None:
    other = await world.another_tenant("with-a-bin")
    (kept, gone) = await other.create("Company", {"name": "Kept"}, {"name": "Gone"})
    await other.delete("Company", gone)
    assert [record["id"] for record in await other.ask("SELECT name FROM Company")] == [kept]
    assert await other.values("SELECT name FROM Company ORDER BY id ALL ROWS") == ["Kept", "Gone"]
