"""References to several objects, and lists of records that are linked both ways."""

from __future__ import annotations

import pytest

from tests.support.query_world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_fields_depend_on_the_object_that_a_reference_points_to(world: World) -> None:
    records = await world.ask(
        "SELECT subject, TYPEOF related_to WHEN Account THEN industry, owner.name "
        "WHEN Opportunity THEN stage, company.name ELSE id END FROM Task ORDER BY id"
    )
    shown = [record["related_to"] for record in records]
    assert [list(one or {}) for one in shown] == [
        ["id", "industry", "owner"],
        ["id", "stage", "company"],
        [],
    ]
    assert (shown[0]["industry"], shown[1]["company"]["name"]) == ("Technology", "Acme")


async def test_rows_of_other_objects_show_what_else_says_or_their_id(world: World) -> None:
    text = "SELECT TYPEOF related_to WHEN Company THEN industry {} END FROM Task ORDER BY id"
    with_else = await world.values(text.format("ELSE name"))
    without = await world.values(text.format(""))
    assert list(with_else[1]) == ["id", "name"]
    assert list(without[1]) == ["id"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("WHEN Sample THEN name", "related_to points to no Sample."),
        ("WHEN Deal THEN name WHEN Deal THEN stage", "TYPEOF names Deal twice."),
        ("WHEN Deal THEN industry", "Deal has no field industry."),
        ("WHEN Dealer THEN industry", "There is no object Dealer."),
    ],
)
async def test_branches_name_what_there_is(world: World, text: str, message: str) -> None:
    problem = await world.problem(f"SELECT TYPEOF related_to {text} END FROM Task")
    assert problem[1] == message


async def test_the_object_of_a_reference_is_its_type(world: World) -> None:
    records = await world.ask("SELECT subject, related_to.type, owner.type FROM Task ORDER BY id")
    assert [(record["related_to"] or {}).get("type") for record in records] == [
        "Company",
        "Deal",
        None,
    ]
    text = "SELECT subject FROM Task WHERE {} ORDER BY id"
    assert await world.values(text.format("related_to.type = 'account'")) == ["Call"]
    assert await world.values(text.format("related_to.Type IN ('Deal', 'Company')")) == [
        "Call",
        "Write",
    ]
    assert await world.values(text.format("related_to.Type = null")) == ["Think"]


async def test_rows_are_grouped_and_sorted_by_the_object(world: World) -> None:
    records = await world.ask(
        "SELECT related_to.type t, COUNT(id) n FROM Task GROUP BY related_to.type "
        "ORDER BY related_to.type DESC NULLS LAST"
    )
    assert [list(record.values()) for record in records] == [["Deal", 1], ["Company", 1], [None, 1]]


async def test_the_object_is_hidden_from_those_who_may_not_see_it(world: World) -> None:
    blind = await world.without_object("Deal")
    records = await blind.ask("SELECT related_to.type AS t FROM Task ORDER BY id")
    assert [record["t"] for record in records] == ["Company", None, None]


async def test_records_that_point_to_several_are_listed_below_each(world: World) -> None:
    own = await world.another_tenant("linked")
    ann, bob = await own.create("Contact", {"name": "Ann"}, {"name": "Bob"})
    await own.create(
        "Activity",
        {"subject": "Lunch", "type": "Meeting", "attendees": [ann, bob]},
        {"subject": "Walk", "type": "Meeting", "attendees": [bob]},
    )
    text = "SELECT name, (SELECT subject FROM attended_activities ORDER BY subject) FROM Contact"
    records = await own.ask(f"{text} ORDER BY name")
    listed = [[one["subject"] for one in record["attended_activities"]] for record in records]
    assert listed == [["Lunch"], ["Lunch", "Walk"]]
    twin = await world.another_tenant("linked-twin")
    await twin.create("Contact", {"name": "Ann"})
    (record,) = await twin.ask(text)
    assert record["attended_activities"] == []


async def test_children_are_known_by_the_plural_of_their_alias(world: World) -> None:
    records = await world.ask(
        "SELECT Name, (SELECT Name FROM Opportunities ORDER BY Name) FROM Account ORDER BY Name"
    )
    assert [child["name"] for child in records[0]["Opportunities"]] == ["Alpha", "beta"]
