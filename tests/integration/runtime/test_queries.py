"""Questions answered by PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Final

import pytest
import pytest_asyncio

from fieldstone.runtime.queries import Question
from tests.support.query_world import World, a_world
from tests.support.servers import PostgresServer, made_database

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG: Final = "Long " + "x" * 400


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(postgres_server: PostgresServer, template_database: str) -> AsyncIterator[World]:
    """Two companies with contacts and deals."""
    with made_database(postgres_server, template_database) as dsn:
        async with a_world(dsn) as made:
            await _fill(made)
            yield made


async def _fill(world: World) -> None:
    acme, zenith = await world.create(
        "Company",
        {"name": "Acme", "industry": "Technology", "domain": "acme.com"},
        {"name": "zenith", "industry": "Retail"},
    )
    await world.create("Contact", {"name": "Ann Ames"}, {"name": "Bob Brown"})
    alpha, *_ = await world.create(
        "Deal",
        {
            "name": "Alpha",
            "value": Decimal("1000.50"),
            "stage": "Proposal",
            "company": acme,
            "close_date": "2026-03-20",
        },
        {"name": "beta", "value": 2000, "stage": "Closed Won", "company": acme},
        {
            "name": "Gamma",
            "value": 500,
            "stage": "Proposal",
            "company": zenith,
            "close_date": "2026-01-05",
        },
        {"name": "Delta", "stage": "Lead"},
    )
    await world.create(
        "Task",
        {"subject": "Call", "related_to": acme},
        {"subject": "Write", "related_to": alpha},
        {"subject": "Think"},
    )
    (one,) = await world.create("Sample", {"name": "one", "code": "A_1", "number": 1})
    await world.create(
        "Sample",
        {
            "name": LONG,
            "code": "AB1",
            "big": Decimal("1234567890123456789.000001"),
            "number": Decimal("0.1"),
            "loose": Decimal("0.1"),
            "done": True,
            "tags": ["Red", "Green"],
            "kind": "On Hold",
            "day": "2026-03-18",
            "loose_day": "2026-03-18",
            "moment": "2026-03-18T23:30:00Z",
            "hour": "14:30",
            "notes": "Very long notes",
            "parent": one,
        },
        {
            "name": LONG + "y",
            "code": "50%",
            "big": Decimal("1234567890123456789.000002"),
            "number": Decimal("0.3"),
            "loose": 10,
            "tags": ["Blue"],
            "kind": "New",
            "day": "2026-03-17",
            "loose_day": "2026-03-17",
            "moment": "2026-03-17T01:00:00Z",
            "parent": one,
        },
    )


async def codes(world: World, where: str, **params: object) -> list[str]:
    """Give the codes of the samples for which a condition holds."""
    text = f"SELECT code FROM Sample WHERE {where} ORDER BY id"
    return [value or "" for value in await world.values(text, **params)]  # type: ignore[arg-type]


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


async def test_conditions_reach_parents(world: World) -> None:
    text = "SELECT name FROM Deal d WHERE d.company.industry = 'technology' ORDER BY d.name"
    assert await world.values(text) == ["Alpha", "beta"]


async def test_a_reference_compares_with_an_id(world: World) -> None:
    (company,) = await world.ask("SELECT id FROM Company WHERE name = 'Acme'")
    found = await world.values("SELECT name FROM Deal WHERE company = :id", id=company["id"])
    assert sorted(found) == ["Alpha", "beta"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("code = 'ab1'", ["AB1"]),
        ("code != 'ab1'", ["A_1", "50%"]),
        ("code = null", []),
        ("big = null", ["A_1"]),
        ("big != null", ["AB1", "50%"]),
        ("big = ''", ["A_1"]),
        ("NOT big > 0", ["A_1"]),
        ("NOT (big > 0 AND number > 0.2)", ["A_1", "AB1"]),
        ("number > 0.1 AND number <= 1", ["A_1", "50%"]),
        ("number = 0.1", ["AB1"]),
        ("number = 0.10000000000000000000001", []),
        ("loose < 2", ["AB1"]),
        ("loose = 10.00", ["50%"]),
        ("big = 1234567890123456789.000001", ["AB1"]),
        ("big > 1234567890123456789.000001", ["50%"]),
        ("number IN (1, 0.3)", ["A_1", "50%"]),
        ("number NOT IN (1, 0.3)", ["AB1"]),
        ("loose IN (10, null)", ["A_1", "50%"]),
        ("loose NOT IN (10)", ["A_1", "AB1"]),
        ("loose NOT IN (10, null)", ["AB1"]),
        ("done = true", ["AB1"]),
        ("done = false", ["A_1", "50%"]),
        ("done != true", ["A_1", "50%"]),
        ("code LIKE 'a%'", ["A_1", "AB1"]),
        ("code LIKE 'A\\_%'", ["A_1"]),
        ("code LIKE 'A_1'", ["A_1", "AB1"]),
        ("code LIKE '%\\%'", ["50%"]),
        ("NOT code LIKE 'a%'", ["50%"]),
        ("name LIKE 'LONG x%'", ["AB1", "50%"]),
        ("name LIKE '%xy'", ["50%"]),
        ("name LIKE '%'", ["A_1", "AB1", "50%"]),
        ("name LIKE 'one'", ["A_1"]),
        (f"name = '{LONG}'", ["AB1"]),
        (f"name > '{LONG}'", ["A_1", "50%"]),
        (f"name LIKE '{LONG}%'", ["AB1", "50%"]),
        ("notes LIKE '%LONG%'", ["AB1"]),
        ("notes = null", ["A_1", "50%"]),
        ("tags INCLUDES ('red;green', 'blue')", ["AB1", "50%"]),
        ("tags INCLUDES ('Red;Blue')", []),
        ("tags EXCLUDES ('blue')", ["A_1", "AB1"]),
        ("tags = 'Green;Red'", ["AB1"]),
        ("kind = 'on hold'", ["AB1"]),
        ("kind IN ('New', 'gone')", ["50%"]),
        ("hour >= '14:30' AND hour < '15:00'", ["AB1"]),
        ("day = TODAY", ["AB1"]),
        ("loose_day = TODAY", ["AB1"]),
        ("day = YESTERDAY OR day = null", ["A_1", "50%"]),
        ("day >= 2026-03-18", ["AB1"]),
        ("day IN (TODAY, YESTERDAY)", ["AB1", "50%"]),
        ("day NOT IN (TODAY)", ["A_1", "50%"]),
        ("day != TODAY", ["A_1", "50%"]),
        ("day > LAST_N_DAYS:1", []),
        ("day = THIS_WEEK", ["AB1", "50%"]),
        ("moment > 2026-03-18T23:29:59Z", ["AB1"]),
        ("moment = TODAY", ["AB1"]),
        ("moment = 2026-03-17", ["50%"]),
        ("moment IN (2026-03-17, 2026-03-18T23:30:00Z)", ["AB1", "50%"]),
        ("day = 2026-03-18T10:00:00Z", ["AB1"]),
        ("created_at = TODAY AND number = 1", ["A_1"]),
        ("created_at < 2026-03-18T11:00:00Z", []),
        ("version = 1 AND number = 1", ["A_1"]),
        ("parent != null", ["AB1", "50%"]),
        ("parent.code = 'A_1'", ["AB1", "50%"]),
        ("parent.code != 'A_1'", ["A_1"]),
        ("id IN (SELECT parent FROM Sample)", ["A_1"]),
        ("id NOT IN (SELECT parent FROM Sample WHERE number < 0.2)", ["AB1", "50%"]),
        ("parent IN (SELECT id FROM Sample WHERE number = 1) AND number < 0.2", ["AB1"]),
    ],
)
async def test_conditions_choose(world: World, where: str, expected: list[str]) -> None:
    assert await codes(world, where) == expected


async def test_days_are_those_of_the_viewer(world: World) -> None:
    there = world.in_zone("Europe/Berlin")
    assert await codes(there, "moment = TOMORROW") == ["AB1"]
    assert await codes(world.in_zone("America/New_York"), "moment = LAST_N_DAYS:2") == [
        "AB1",
        "50%",
    ]


async def test_parameters_are_bound(world: World) -> None:
    assert await codes(world, "code = :c OR number IN :n", c="ab1", n=[1, None]) == ["A_1", "AB1"]
    assert await codes(world, "code LIKE :p", p="A\\_%") == ["A_1"]
    assert await codes(world, "day = :d", d="2026-03-17") == ["50%"]


async def test_a_parameter_is_only_ever_a_value(world: World) -> None:
    assert await codes(world, "code = :c", c="x' OR 1=1 --") == []


async def test_rows_without_a_value_come_first_by_default(world: World) -> None:
    text = "SELECT name FROM Deal ORDER BY value"
    assert await world.values(text) == ["Delta", "Gamma", "Alpha", "beta"]
    assert await world.values(text + " DESC") == ["Delta", "beta", "Alpha", "Gamma"]
    assert await world.values(text + " DESC NULLS LAST") == ["beta", "Alpha", "Gamma", "Delta"]
    assert await world.values(text + " NULLS LAST LIMIT 1 OFFSET 3") == ["Delta"]


async def test_names_are_ordered_without_regard_to_case(world: World) -> None:
    text = "SELECT name FROM Deal ORDER BY name"
    assert await world.values(text) == ["Alpha", "beta", "Delta", "Gamma"]


async def test_an_order_may_follow_a_parent(world: World) -> None:
    text = "SELECT name FROM Deal ORDER BY company.name DESC NULLS LAST, name DESC"
    assert await world.values(text) == ["Gamma", "beta", "Alpha", "Delta"]


@pytest.mark.parametrize(
    "order",
    [
        "id",
        "id DESC",
        "value",
        "value DESC",
        "value NULLS LAST",
        "value DESC NULLS LAST",
        "close_date DESC NULLS LAST, value",
        "close_date, value DESC NULLS LAST",
        "stage, value DESC",
        "stage DESC, name",
        "company.name NULLS LAST, value DESC",
        "company.name DESC, name DESC",
        "next_step, value",
        "created_at, name DESC",
        "version DESC, updated_at",
        "owner, stage",
    ],
)
async def test_pages_of_any_size_give_the_same_rows_in_the_same_order(
    world: World, order: str
) -> None:
    text = f"SELECT name FROM Deal ORDER BY {order}"
    whole = await world.values(text)
    for size in (1, 2, 3):
        question = Question.of_text(text, page_size=size)
        found: list[str] = []
        while True:
            page = await world.page(question)
            found.extend(page.records)
            if page.next is None:
                break
            question = Question.of_text(text, page_size=size, cursor=page.next)
        assert [name.rsplit('"', 2)[1] for name in found] == whole


async def test_a_limit_holds_over_all_pages(world: World) -> None:
    text = "SELECT name FROM Deal ORDER BY name LIMIT 3"
    first = await world.page(Question.of_text(text, page_size=2))
    last = await world.page(Question.of_text(text, page_size=2, cursor=first.next))
    assert (len(first.records), len(last.records), last.next) == (2, 1, None)
    assert (first.total, last.total) == (3, 3)


async def test_counts_and_totals_agree(world: World) -> None:
    counted = await world.page(Question.of_text("SELECT COUNT() FROM Deal WHERE stage != 'Lead'"))
    page = await world.page(
        Question.of_text("SELECT id FROM Deal WHERE stage != 'Lead'", page_size=1)
    )
    assert (counted.records, counted.total, page.total) == ([], 3, 3)


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


async def test_conditions_and_orders_reach_parents_of_several_objects(world: World) -> None:
    text = "SELECT subject FROM Task WHERE What.name LIKE 'a%' ORDER BY What.name DESC"
    assert await world.values(text) == ["Write", "Call"]
    assert await world.values("SELECT subject FROM Task WHERE What.name = null") == ["Think"]
    grouped = "SELECT What.name, COUNT(id) n FROM Task GROUP BY What.name ORDER BY What.name"
    assert [record["name"] for record in await world.ask(grouped)] == [None, "Acme", "Alpha"]


async def test_groups_are_counted_and_summed(world: World) -> None:
    records = await world.ask(
        "SELECT stage, COUNT(id) n, SUM(value) total, AVG(value), MIN(name), MAX(close_date) last "
        "FROM Deal GROUP BY stage ORDER BY COUNT(id) DESC, stage"
    )
    assert records[0] == {
        "stage": "Proposal",
        "n": 2,
        "total": Decimal("1500.5"),
        "expr0": Decimal("750.25"),
        "expr1": "Alpha",
        "last": "2026-03-20",
    }
    assert [record["stage"] for record in records] == ["Proposal", "Closed Won", "Lead"]
    assert records[2]["total"] is None


async def test_groups_are_chosen_by_having(world: World) -> None:
    text = "SELECT stage FROM Deal GROUP BY stage HAVING COUNT(id) > 1 AND SUM(value) < 2000.75"
    assert await world.values(text) == ["Proposal"]


async def test_the_ends_of_a_group_compare_as_its_values_do(world: World) -> None:
    text = "SELECT stage FROM Deal GROUP BY stage HAVING MAX(close_date) = THIS_MONTH"
    assert await world.values(text) == ["Proposal"]
    text = "SELECT stage FROM Deal GROUP BY stage HAVING MIN(name) < 'BEST' AND MIN(value) > 900"
    assert await world.values(text) == []
    text = "SELECT stage FROM Deal GROUP BY stage HAVING MIN(created_at) = TODAY ORDER BY MAX(name)"
    assert await world.values(text) == ["Closed Won", "Lead", "Proposal"]


async def test_groups_are_paged(world: World) -> None:
    text = "SELECT stage, COUNT(id) n FROM Deal GROUP BY stage ORDER BY stage DESC"
    first = await world.page(Question.of_text(text, page_size=2))
    last = await world.page(Question.of_text(text, page_size=2, cursor=first.next))
    assert (first.total, last.next) == (3, None)
    assert "Closed Won" in last.records[0]


async def test_everything_is_one_group_without_group_by(world: World) -> None:
    (record,) = await world.ask(
        "SELECT COUNT(id), COUNT(value) v, COUNT_DISTINCT(stage) s FROM Deal"
    )
    assert record == {"expr0": 4, "v": 3, "s": 3}


async def test_groups_may_follow_a_parent(world: World) -> None:
    records = await world.ask(
        "SELECT company.name, SUM(value) v FROM Deal GROUP BY company.name ORDER BY v DESC"
    )
    assert [record["name"] for record in records] == ["Acme", "zenith", None] or [
        record["name"] for record in records
    ] == [None, "Acme", "zenith"]


async def test_exact_numbers_stay_exact_in_sums(world: World) -> None:
    (total,) = await world.values("SELECT SUM(big) FROM Sample")
    assert total == Decimal("2469135780246913578.000003")


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


async def test_the_other_tenant_gets_no_row(world: World) -> None:
    other = await world.another_tenant("other-tenant")
    assert await other.ask("SELECT name FROM Deal") == []
    assert await other.ask("SELECT name FROM Company WHERE id IN (SELECT company FROM Deal)") == []
    assert (await other.page(Question.of_text("SELECT COUNT() FROM Deal"))).total == 0


@pytest.mark.parametrize(
    "text",
    [
        "SELECT {} FROM Deal",
        "SELECT id FROM Deal WHERE {} = 5",
        "SELECT id FROM Deal WHERE {} = null",
        "SELECT id FROM Deal WHERE {} IN (1, 2)",
        "SELECT id FROM Deal ORDER BY {}",
        "SELECT COUNT(id) FROM Deal GROUP BY {}",
        "SELECT SUM({}) FROM Deal",
        "SELECT stage FROM Deal GROUP BY stage HAVING MAX({}) > 1",
        "SELECT name, (SELECT {} FROM deals) FROM Company",
        "SELECT id FROM Company WHERE id IN (SELECT company FROM Deal WHERE {} > 1)",
        "SELECT COUNT() FROM Deal WHERE {} > 1",
    ],
)
async def test_a_hidden_field_reads_as_one_that_does_not_exist(world: World, text: str) -> None:
    viewer = await world.without("Deal.value")
    hidden = await viewer.problem(text.format("value"))
    missing = await viewer.problem(text.format("valuf"))
    assert hidden[0] == missing[0] == "query.unknown_field"
    assert hidden[1] == missing[1].replace("valuf", "value")
    assert "value" not in (hidden[2] or "")
    assert hidden[2] == missing[2]


async def test_a_hidden_object_reads_as_one_that_does_not_exist(world: World) -> None:
    viewer = await world.without_object("Company")
    assert (await viewer.problem("SELECT id FROM Company"))[0] == "query.unknown_object"
    assert (await viewer.problem("SELECT company.name FROM Deal"))[0] == "query.unknown_field"
    assert await viewer.ask("SELECT FIELDS(ALL) FROM Deal")


async def test_a_hidden_field_is_no_part_of_all_fields(world: World) -> None:
    viewer = await world.without("Deal.value")
    for record in await viewer.ask("SELECT FIELDS(ALL) FROM Deal"):
        assert "value" not in record


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "SELECT nme FROM Deal",
            ("query.unknown_field", "Deal has no field nme.", "Did you mean name?"),
        ),
        (
            "SELECT id FROM Compny",
            ("query.unknown_object", "There is no object Compny.", "Did you mean Company?"),
        ),
        (
            "SELECT id FROM Deal WHERE value = 'much'",
            (
                "query.type_mismatch",
                "This must be a number.",
                "Write it without quotes, such as 12.5.",
            ),
        ),
        (
            "SELECT id FROM Deal WHERE value LIKE 'a%'",
            (
                "query.type_mismatch",
                "Value is a field of the type Currency, which has no LIKE.",
                "It has =, !=, <, <=, >, >=, IN, NOT IN.",
            ),
        ),
        (
            "SELECT id FROM Deal WHERE name = TODAY",
            ("query.type_mismatch", "Name holds no dates.", "Text stands in quotes."),
        ),
        (
            "SELECT id FROM Deal WHERE value > null",
            ("query.type_mismatch", "Nothing is > null.", "Compare with null by = or !=."),
        ),
        (
            "SELECT id FROM Deal WHERE value > :least",
            (
                "query.missing_parameter",
                "The parameter least has no value.",
                "Send it in params.",
            ),
        ),
        (
            "SELECT name FROM Deal GROUP BY stage",
            (
                "query.contradiction",
                "name is neither grouped nor counted.",
                "Write GROUP BY name, or COUNT(name).",
            ),
        ),
        (
            "SELECT id FROM Deal WHERE COUNT(id) > 1",
            (
                "query.contradiction",
                "COUNT stands where there are no groups.",
                "Write the condition behind HAVING.",
            ),
        ),
        (
            "SELECT SUM(name) FROM Deal",
            ("query.type_mismatch", "Name is a field of the type Text, which has no SUM.", None),
        ),
        (
            "SELECT id FROM Deal ORDER BY description",
            (
                "query.type_mismatch",
                "Description is a field of the type Long text, which cannot be sorted.",
                None,
            ),
        ),
        (
            "SELECT FORMAT(value) FROM Deal",
            ("query.unknown_function", "There is no function FORMAT.", None),
        ),
        (
            "SELECT id FROM Deal OFFSET 10001",
            (
                "query.contradiction",
                "OFFSET goes up to 10000.",
                "Follow the cursor in next, which costs nothing however far it goes.",
            ),
        ),
    ],
)
async def test_what_cannot_be_answered_is_refused_in_words(
    world: World, text: str, problem: tuple[str, str, str | None]
) -> None:
    assert await world.problem(text) == problem


async def test_a_cursor_belongs_to_its_order(world: World) -> None:
    page = await world.page(Question.of_text("SELECT id FROM Deal ORDER BY name", page_size=1))
    question = Question.of_text("SELECT id FROM Deal ORDER BY value", cursor=page.next)
    with pytest.raises(Exception, match="another order") as raised:
        await world.page(question)
    assert raised.value.problem.code == "query.bad_cursor"  # type: ignore[attr-defined]


@pytest.mark.parametrize("cursor", ["", "x", "é", "a" * 5000, "k5Q", "gA"])
async def test_a_broken_cursor_is_refused(world: World, cursor: str) -> None:
    with pytest.raises(Exception, match="cursor was not given") as raised:
        await world.page(Question.of_text("SELECT id FROM Deal", cursor=cursor))
    assert raised.value.problem.code == "query.bad_cursor"  # type: ignore[attr-defined]


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
    assert '"name" : "Alpha"' in page.records[0]
    assert page.next is not None


async def test_one_shape_is_planned_once_and_answers_each_question_with_its_own_values(
    world: World,
) -> None:
    for number, code in (("1", "A_1"), ("0.1", "AB1"), ("0.3", "50%")):
        assert await codes(world, f"number = {number} AND code = '{code}'") == [code]
