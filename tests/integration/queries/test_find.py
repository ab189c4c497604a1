"""FIND finds what the viewer may read, by the operators of its text, in the fields asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, cast

import pytest
import pytest_asyncio

from fieldstone.errors import FieldstoneError, Span
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import Json, JsonObject, read_json
from fieldstone.runtime.finding import Found, explain, find
from fieldstone.runtime.metadata_changes import change_metadata
from tests.support.query_world import World, a_world
from tests.support.servers import PostgresServer, made_database

pytestmark = pytest.mark.asyncio(loop_scope="session")

THING: Final = (
    Component("object", "Thing__c", {"label": "Thing", "plural_label": "Things"}),
    *(
        Component(
            "field",
            f"Thing__c.{name}",
            {"object": "Thing__c", "searchable": True, **cast(JsonObject, body)},
        )
        for name, body in {
            "name": {"type": "text"},
            "letter": {"type": "rich_text"},
            "place": {"type": "address"},
            "who": {"type": "person_name"},
            "site": {"type": "url"},
            "kind": {"type": "picklist", "options": [{"value": "a1", "label": "Kestrel"}, "b2"]},
            "tags": {"type": "multi_select", "options": [{"value": "c3", "label": "Merlin"}, "d4"]},
        }.items()
    ),
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(postgres_server: PostgresServer, template_database: str) -> AsyncIterator[World]:
    """Companies, contacts and deals whose texts share words."""
    with made_database(postgres_server, template_database) as dsn:
        async with a_world(dsn) as made:
            async with made.engine.database.change_metadata(made.tenant, made.viewer) as tx:
                await change_metadata(tx, Proposal(creates=THING))
            await _fill(made)
            yield made


async def _fill(world: World) -> None:
    acme, *_ = await world.create(
        "Company",
        {"name": "Acme", "domain": "acme.example", "description": "Makes anvils & rockets."},
        {"name": "Acme Holding", "domain": "holding.example"},
        {"name": "Old Acme Works"},
        {"name": "Pacmeria"},
        {"name": "100% Juice"},
        {"name": "ΟΔΟΣ ΣΟΦΙΑΣ ΟΔΟΣΗΜΑΝΣΗ ΣΟΦΙΑ İZMİR"},
    )
    await world.create(
        "Contact",
        {"name": "Joan Smith", "email": "joan@acme.example", "company": acme},
        {"name": "John Smith", "email": "john@home.example", "phone": "+13125550100"},
        {"name": "Jon Smithson", "email": "jon@home.example"},
        {"name": "Ann O'Brien", "email": "smith@home.example", "phone": "+4722334455"},
        {"name": "李小龍"},
    )
    await world.create(
        "Deal",
        {"name": "Acme anvils", "value": 100, "company": acme},
        {"name": "Acme rockets", "value": 300, "company": acme},
        {"name": "Smith anvils", "value": 200},
    )
    await world.create(
        "Thing__c",
        {
            "name": "One",
            "letter": "<p>Falcon <b>heavy</b></p><p>R&amp;D street</p>",
            "place": {"street": "Eagle Road 5", "city": "Oslo"},
            "who": {"first": "Robin", "last": "Wren"},
            "site": "https://heron.example/nest",
            "kind": "a1",
            "tags": ["c3", "d4"],
        },
    )


async def searched(world: World, text: str, **params: Json) -> Found:
    """Give what a search finds."""
    async with world.engine.database.read(world.tenant, world.viewer) as tx:
        return await find(tx, text, params)


async def records(world: World, text: str, **params: Json) -> list[Any]:
    """Give the records that a search finds."""
    return shown(await searched(world, text, **params))


def shown(found: Found) -> list[Any]:
    """Give the records of an answer."""
    return [read_json(record) for record in found.records]


async def names(world: World, text: str, **params: Json) -> list[Any]:
    """Give the last member of each record that a search finds."""
    return [list(record.values())[-1] for record in await records(world, text, **params)]


async def problem(world: World, text: str, **params: Json) -> tuple[str, str]:
    """Give code and message of a refusal."""
    with pytest.raises(FieldstoneError) as caught:
        await searched(world, text, **params)
    return caught.value.problem.code, caught.value.problem.message


@pytest.mark.parametrize(
    ("sought", "wanted"),
    [
        ("acme", {"Acme", "Acme Holding", "Old Acme Works"}),
        ("ACME", {"Acme", "Acme Holding", "Old Acme Works"}),
        ("acm", set()),
        ("acm*", {"Acme", "Acme Holding", "Old Acme Works"}),
        ("*acme*", {"Acme", "Acme Holding", "Old Acme Works", "Pacmeria"}),
        ("ac?e", {"Acme", "Acme Holding", "Old Acme Works"}),
        ("acme works", {"Old Acme Works"}),
        ("works AND acme", {"Old Acme Works"}),
        ('"works acme"', set()),
        ('"acme works"', {"Old Acme Works"}),
        ("holding OR works", {"Acme Holding", "Old Acme Works"}),
        ("acme AND NOT old", {"Acme", "Acme Holding"}),
        ("acme NOT (old OR anvils)", {"Acme Holding"}),
        ("acme (holding OR works)", {"Acme Holding", "Old Acme Works"}),
        ("anvils & rockets", {"Acme"}),
        ("acme - works", {"Old Acme Works"}),
        ('"anvils & rockets"', {"Acme"}),
        ("holding.example", {"Acme Holding"}),
        (r"100\%", {"100% Juice"}),
        ("100_", set()),
        (r"acme\*", set()),
    ],
)
async def test_a_company_is_found_by_whole_words_and_operators(
    place: World, sought: str, wanted: set[str]
) -> None:
    assert set(await names(place, f"FIND {{{sought}}} RETURNING Company(name)")) == wanted


@pytest.mark.parametrize(
    ("group", "wanted"),
    [
        ("ALL", {"Joan Smith", "John Smith", "Ann O'Brien"}),
        ("NAME", {"Joan Smith", "John Smith"}),
        ("EMAIL", {"Ann O'Brien"}),
        ("PHONE", set()),
        ("SIDEBAR", {"Joan Smith", "John Smith", "Ann O'Brien"}),
    ],
)
async def test_a_group_of_fields_narrows_the_search(
    place: World, group: str, wanted: set[str]
) -> None:
    found = await names(place, f"FIND {{smith}} IN {group} FIELDS RETURNING Contact(name)")
    assert set(found) == wanted


@pytest.mark.parametrize(
    "sought", ["3125550100", '"(312) 555-0100"', "0100", "1312*", "+13125550100", "03125550100"]
)
async def test_a_phone_number_is_found_however_it_is_written(place: World, sought: str) -> None:
    found = await names(place, f"FIND {{{sought}}} IN PHONE FIELDS RETURNING Contact(name)")
    assert found == ["John Smith"]


async def test_chinese_is_found_without_signs_between_its_words(place: World) -> None:
    assert await names(place, "FIND {小龍} RETURNING Contact(name)") == ["李小龍"]


@pytest.mark.parametrize(
    "sought", ["ΟΔΟΣ", "οδος", "οδοσ", "ΟΔΟΣ*", "ΣΟΦΙΑ", "σοφ*", '"ΟΔΟΣ ΣΟΦΙΑΣ"', "İZMİR", "i̇zmi̇r"]
)
async def test_small_letters_that_depend_on_their_place_are_found(
    place: World, sought: str
) -> None:
    text = f"FIND {{{sought}}} IN NAME FIELDS RETURNING Company(name) WITH HIGHLIGHT"
    (record,) = await records(place, text)

    assert "<mark>" in record["highlight"]["name"]


@pytest.mark.parametrize(
    "sought",
    [
        *("falcon", '"falcon heavy"', '"R&D street"', "eagle", '"road 5" oslo', "robin wren"),
        *("heron.example", "nest", "kestrel", "merlin", "d4"),
    ],
)
async def test_every_type_of_text_is_looked_at_as_people_read_it(place: World, sought: str) -> None:
    assert await names(place, f"FIND {{{sought}}} RETURNING Thing(name)") == ["One"]


@pytest.mark.parametrize("sought", ["city", "https", "strong", "a1", "c3"])
async def test_what_people_do_not_read_of_a_value_is_not_found(place: World, sought: str) -> None:
    assert await names(place, f"FIND {{{sought}}} RETURNING Thing(name)") == []


async def test_each_object_has_its_own_filter_order_and_limit(place: World) -> None:
    found = await searched(
        place,
        "FIND {anvils OR acme} RETURNING Deal(name, value WHERE value < 300 ORDER BY value DESC), "
        "Company(name ORDER BY name LIMIT 1 OFFSET 1)",
    )

    assert [(one["attributes"]["type"], one["name"]) for one in shown(found)] == [
        ("Deal", "Smith anvils"),
        ("Deal", "Acme anvils"),
        ("Company", "Acme Holding"),
    ]
    assert [(one.name, one.total, one.given) for one in found.objects] == [
        ("Deal", 2, 2),
        ("Company", 3, 1),
    ]
    assert found.complete


async def test_parents_and_children_are_shown_as_a_query_shows_them(place: World) -> None:
    (joan,) = await records(place, "FIND {joan} RETURNING Contact(name, company.name)")
    (acme,) = await records(
        place, "FIND {anvils rockets} RETURNING Account(Name, (SELECT name FROM deals))"
    )
    assert joan["company"]["name"] == "Acme"
    assert {deal["name"] for deal in acme["deals"]} == {"Acme anvils", "Acme rockets"}


async def test_the_best_name_comes_first_unless_an_order_is_asked(place: World) -> None:
    assert await names(place, "FIND {acme} RETURNING Company(name)") == [
        *("Acme", "Acme Holding", "Old Acme Works")
    ]
    assert await names(place, "FIND {acme} RETURNING Company(name ORDER BY name DESC)") == [
        *("Old Acme Works", "Acme Holding", "Acme")
    ]


async def test_without_returning_every_object_is_searched(place: World) -> None:
    found = await searched(place, "FIND {acme}")

    assert [one.name for one in found.objects] == ["Company", "Contact", "Deal"]
    assert all(set(one) == {"attributes", "id", "name"} for one in shown(found))
    assert len(found.records) == 6


async def test_an_object_alone_shows_id_and_name(place: World) -> None:
    (found,) = await records(place, "FIND {holding} RETURNING Company")
    assert set(found) == {"attributes", "id", "name"}


async def test_the_limit_of_all_is_shared_out(place: World) -> None:
    found = await searched(place, "FIND {acme} RETURNING Company, Deal, Contact LIMIT 4")
    assert [one.given for one in found.objects] == [2, 1, 1]


async def test_binds_stand_for_the_text_and_for_values(place: World) -> None:
    asked = "FIND :sought RETURNING Deal(name WHERE value > :least LIMIT :most) LIMIT :all"
    params: dict[str, Json] = {"sought": "acme OR smith", "least": 150, "most": 5, "all": 10}
    assert set(await names(place, asked, **params)) == {"Acme rockets", "Smith anvils"}
    assert await problem(place, "FIND :sought RETURNING Deal") == (
        "query.missing_parameter",
        "The parameter sought has no value.",
    )
    assert (await problem(place, "FIND :a", a=5))[0] == "query.type_mismatch"
    assert (await problem(place, "FIND :a", a="(b"))[0] == "query.syntax"


async def test_one_plan_serves_other_words(place: World) -> None:
    asked = "FIND {%s} RETURNING Company(name)"
    assert await names(place, asked % "holding") == ["Acme Holding"]
    assert await names(place, asked % "juice") == ["100% Juice"]
    assert await names(place, asked % "100") == ["100% Juice"]


async def test_snippets_and_highlights_mark_what_was_found(place: World) -> None:
    asked = "FIND {rockets OR acme} RETURNING Company(name WHERE name = 'Acme') WITH {} WITH {}"
    (found,) = await records(
        place, asked.replace("{}", "SNIPPET (target_length = 50)", 1).replace("{}", "HIGHLIGHT")
    )
    assert found["snippet"] == {
        "field": "description",
        "text": "Makes anvils &amp; <mark>rockets</mark>.",
    }
    assert found["highlight"]["name"] == "<mark>Acme</mark>"
    assert found["highlight"]["domain"] == "<mark>acme</mark>.example"


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("FIND {acme} RETURNING Compny", "query.unknown_object", "Compny"),
        ("FIND {acme} RETURNING Company(nme)", "query.unknown_field", "nme"),
        ("FIND {acme} RETURNING Company(name WHERE nme = 'x')", "query.unknown_field", "nme"),
        ("FIND {acme} RETURNING Company(COUNT(id))", "query.contradiction", "no groups"),
        ("FIND {acme} RETURNING Company, Company(name)", "query.contradiction", "twice"),
        ("FIND {a}", "query.contradiction", "at least 2"),
        ("FIND {acme OR a*}", "query.contradiction", "at least 2"),
        ("FIND {NOT acme}", "query.contradiction", "not wanted"),
        ("FIND {acme OR NOT old}", "query.contradiction", "not wanted"),
        ("FIND {acme} LIMIT 2001", "query.contradiction", "2000"),
        ("FIND {acme} RETURNING Company(name LIMIT 2001)", "query.contradiction", "2000"),
        ("FIND {acme} RETURNING Company(name OFFSET 2001)", "query.contradiction", "2000"),
        ("FIND {acme} RETURNING Company(name USING ListView=My)", "query.not_supported", "List"),
        ("FIND {acme} WITH DIVISION = 'x'", "query.not_supported", "DIVISION"),
        ("FIND {acme} WITH DATA CATEGORY a__c AT b__c", "query.not_supported", "categories"),
        ("FIND {acme} WITH NETWORK IN ('a')", "query.not_supported", "NETWORK"),
        ("FIND {acme} WITH PricebookId = 'x'", "query.not_supported", "PRICEBOOKID"),
        ("FIND {acme} WITH METADATA = 'LABELS'", "query.not_supported", "METADATA"),
        ("FIND {acme} WITH SPELL_CORRECTION = TRUE", "query.not_supported", "spelling"),
        ("FIND {acme} WITH SNIPET", "query.syntax", "SNIPET"),
        ("FIND {acme} WITH SNIPPET (target_length = 5)", "query.contradiction", "50 to 1000"),
    ],
)
async def test_a_search_that_makes_no_sense_is_refused(
    place: World, text: str, code: str, told: str
) -> None:
    found, message = await problem(place, text)
    assert found == code
    assert told in message


async def test_clauses_that_change_nothing_are_taken(place: World) -> None:
    asked = "FIND {holding} RETURNING Company(name) WITH USER_MODE WITH SPELL_CORRECTION = FALSE "
    asked += "UPDATE TRACKING, VIEWSTAT"
    assert await names(place, asked) == ["Acme Holding"]


async def test_a_field_that_is_hidden_is_not_looked_at(place: World) -> None:
    viewer = await place.without("Contact.email", "Company.name")
    asked = "FIND {%s} RETURNING Contact(name)"
    assert set(await names(viewer, asked % "smith")) == {"Joan Smith", "John Smith"}
    assert await names(viewer, asked % "joan@acme.example") == []
    assert await names(viewer, asked % "smith AND NOT home") == ["Joan Smith", "John Smith"]
    assert await names(viewer, "FIND {holding} RETURNING Company(domain)") == ["holding.example"]
    assert await names(viewer, "FIND {works} RETURNING Company") == []


async def test_a_hidden_field_and_object_read_as_missing(place: World) -> None:
    viewer = await place.without("Contact.email")
    assert await problem(viewer, "FIND {ann} RETURNING Contact(email)") == (
        "query.unknown_field",
        "Contact has no field email.",
    )
    nobody = await place.without_object("Contact")
    assert (await problem(nobody, "FIND {ann} RETURNING Contact"))[0] == "query.unknown_object"
    assert await names(nobody, "FIND {joan}") == []


async def test_the_other_tenant_finds_nothing(place: World) -> None:
    other = await place.another_tenant("find-tenant")
    assert (await searched(other, "FIND {acme}")).records == []


async def test_a_deleted_record_is_not_found(place: World) -> None:
    (gone,) = await place.create("Company", {"name": "Evanescent"})
    await place.delete("Company", gone)
    assert await names(place, "FIND {evanescent}") == []


async def test_a_search_tells_whether_all_that_may_match_was_looked_at(place: World) -> None:
    async with place.engine.database.read(place.tenant, place.viewer) as tx:
        asked = "FIND {acme} RETURNING Company"
        told = [(await find(tx, asked, most_looked_at=most)).complete for most in (2, 100)]
    assert told == [False, True]


async def test_a_search_takes_one_statement_whatever_it_returns(place: World) -> None:
    async with place.engine.database.read(place.tenant, place.viewer) as tx:
        counted = _Counted(tx.connection)
        tx.connection = counted
        for asked in ("FIND {holding} RETURNING Company", "FIND {acme}"):
            counted.statements = 0
            await find(tx, asked)
            assert counted.statements <= 1 + (not tx.is_open)


async def test_no_more_rows_are_read_than_the_limit_gives_to_each_object(place: World) -> None:
    await place.create("Company", *({"name": f"Shareword {n}"} for n in range(9)))
    await place.create("Contact", *({"last_name": f"Shareword {n}"} for n in range(2)))
    asked = (
        "FIND {shareword} RETURNING Company(name ORDER BY name OFFSET 1), "
        "Contact(name ORDER BY name), Deal LIMIT 5"
    )
    async with place.engine.database.read(place.tenant, place.viewer) as tx:
        counted = _Counted(tx.connection)
        tx.connection = counted
        found = await find(tx, asked)

    told = [(one.name, one.total, one.given) for one in found.objects]
    assert told == [("Company", 9, 3), ("Contact", 2, 2), ("Deal", 0, 0)]
    assert counted.rows == 6, "with the one that is passed over"


async def test_of_a_long_text_the_beginning_is_marked(place: World) -> None:
    await place.create("Company", {"name": "Longish", "description": "falconword " + "x" * 30_000})

    found = await searched(place, "FIND {falconword} RETURNING Company(name) WITH HIGHLIGHT")

    (record,) = map(read_json, found.records)
    assert len(cast(Any, record)["highlight"]["description"]) < 10_100


class _Counted:
    """A connection that counts the statements it is given, and their rows."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.statements = 0
        self.rows = 0

    async def fetch(self, *arguments: Any, **more: Any) -> Any:
        """Pass a statement on."""
        self.statements += 1
        found = await self._connection.fetch(*arguments, **more)
        self.rows += len(found)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def explained(world: World, text: str, **params: Json) -> JsonObject:
    """Give the plan of a search."""
    async with world.engine.database.read(world.tenant, world.viewer) as tx:
        plan = (await explain(tx, text, params)).plan
    assert plan is not None
    return plan


async def test_a_search_is_explained(place: World) -> None:
    plan = await explained(
        place,
        "EXPLAIN FIND {acme AND works} RETURNING Company(name WHERE industry = 'x' ORDER BY name),"
        " Deal(name LIMIT 5)",
    )

    company, deal = cast(list[Any], plan["objects"])
    says = cast(list[str], plan["says"])
    assert (company["object"], deal["object"]) == ("Company", "Deal")
    assert "name" in company["fields"]
    assert company["conditions"] == [{"field": "industry", "by": "slot"}]
    assert company["order"] == [{"field": "name", "by": "slot"}]
    assert plan["tests"] == 2
    assert says[0].startswith("An index over the search texts of all records is asked for 2 pat")
    assert any(one.startswith("Records of Deal come in the order of how well") for one in says)
    assert any(one.startswith("PostgreSQL expects") for one in says)
    assert "acme" not in str(plan)


async def test_a_search_for_little_is_explained_with_advice(place: World) -> None:
    (advice,) = cast(
        list[str], (await explained(place, "FIND :w RETURNING Deal", w="ac"))["advice"]
    )

    assert advice.startswith("A word with fewer than 3 letters")


async def test_what_is_hidden_is_no_part_of_a_plan(place: World) -> None:
    viewer = await place.without("Company.description")
    plan = await explained(viewer, "EXPLAIN FIND {acme} RETURNING Company")

    assert "description" not in str(plan)
    assert not {"rows", "cost"} & plan.keys()


async def test_a_mistake_of_an_explained_search_has_its_place(place: World) -> None:
    with pytest.raises(FieldstoneError) as caught:
        await explained(place, "EXPLAIN FIND {acme} RETURNING Company(nme)")
    assert caught.value.problem.at == Span(1, 39, 3)
