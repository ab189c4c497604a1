"""A roll-up is what a plain sum over the children gives, in whichever way it is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.ids import RecordId, parse_id
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import read_json
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.moments import moment_of
from fieldstone.runtime.queries import Question
from fieldstone.runtime.records.roll_up_values import load_roll_up
from tests.support.query_world import NOW, World, a_world
from tests.support.servers import PostgresServer, made_database

pytestmark = pytest.mark.asyncio(loop_scope="module")

Child = dict[str, Any]
PLACES: Final = 10
TODAY: Final = NOW.date()
NUMBER: Final = {"type": "number", "precision": 28, "places": PLACES}
KINDS: Final[dict[str, dict[str, Any]]] = {
    "number": NUMBER,
    "loose": NUMBER,
    "big": NUMBER,
    "doubled": NUMBER,
    "day": {"type": "date"},
    "loose_day": {"type": "date"},
    "moment": {"type": "datetime"},
}
"""The fields that are summed up, with the type of what comes of it."""

FILTERS: Final[tuple[tuple[str | None, Callable[[Child], bool]], ...]] = (
    (None, lambda child: True),
    ("number > 1", lambda child: child.get("number") is not None and child["number"] > 1),
    (
        "kind = 'new' OR day = null",
        lambda child: child.get("kind") == "New" or child.get("day") is None,
    ),
    ("NOT done = true", lambda child: child.get("done") is not True),
    (
        "loose_day < TODAY AND big != 0",
        lambda child: child.get("loose_day", TODAY) < TODAY and child.get("big") != 0,
    ),
)


@dataclass(frozen=True)
class RollUp:
    """One roll-up field, and which children it takes."""

    name: str
    function: str
    field: str | None
    where: str | None
    takes: Callable[[Child], bool]

    def component(self) -> Component:
        """Give its definition."""
        roll_up: dict[str, Any] = {"children": "parts", "function": self.function}
        roll_up |= {} if self.field is None else {"field": self.field}
        roll_up |= {} if self.where is None else {"where": self.where}
        kind = NUMBER if self.field is None else KINDS[self.field]
        body: dict[str, Any] = {"object": "Sample__c", **kind, "roll_up": roll_up}
        return Component("field", f"Sample__c.{self.name}", body)

    def plain(self, children: Sequence[Child]) -> Any:
        """Give its value by a plain reading."""
        taken = [child for child in children if self.takes(child)]
        if self.field is None:
            return Decimal(len(taken))
        values = [value for child in taken if (value := value_of(child, self.field)) is not None]
        match self.function:
            case "sum":
                return sum(values, Decimal(0))
            case "min":
                return min(values, default=None)
            case "max":
                return max(values, default=None)
            case _:
                return mean(values)


def value_of(child: Child, name: str) -> Any:
    """Give a value of a child, calculated where its field is."""
    if name == "doubled":
        return None if child.get("number") is None else child["number"] * 2
    return child.get(name)


def mean(values: Sequence[Decimal]) -> Decimal | None:
    """Give the mean with the places of a quotient, and then with those of the field."""
    if not values:
        return None
    exact = Context(prec=100).divide(sum(values, Decimal(0)), Decimal(len(values)))
    return rounded(rounded(exact, 24), PLACES)


def rounded(number: Decimal, places: int) -> Decimal:
    """Round half away from zero."""
    unit = Decimal(1).scaleb(-places)
    return number.quantize(unit, ROUND_HALF_UP, context=Context(prec=100))


def made_roll_ups() -> list[RollUp]:
    """Give roll-ups of every function and field, with every filter somewhere."""
    wanted: list[tuple[str, str | None]] = [("count", None)] * len(FILTERS)
    for name, kind in KINDS.items():
        functions = ("sum", "average", "min", "max") if kind is NUMBER else ("min", "max")
        wanted += [(function, name) for function in functions] * 2
    found = []
    for n, (function, field) in enumerate(wanted):
        where, takes = FILTERS[n % len(FILTERS)]
        found.append(RollUp(f"r{n}", function, field, where, takes))
    return found


ROLL_UPS: Final = made_roll_ups()
days = st.integers(-3, 3).map(lambda n: TODAY + timedelta(days=n))
moments = st.integers(0, 9_999_999).map(lambda n: datetime(2026, 1, 1) + timedelta(milliseconds=n))
children = st.fixed_dictionaries(
    {},
    optional={
        "number": st.decimals(-1000, 1000, places=2),
        "loose": st.decimals(-1000, 1000, places=2),
        "big": st.decimals(Decimal(-(10**15)), Decimal(10**15), places=6) | st.just(Decimal(0)),
        "kind": st.sampled_from(["New", "On Hold"]),
        "done": st.booleans(),
        "day": days,
        "loose_day": days,
        "moment": moments,
    },
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(postgres_server: PostgresServer, template_database: str) -> AsyncIterator[World]:
    """A world in which samples sum up their parts."""
    body: dict[str, Any] = {
        "object": "Sample__c",
        **NUMBER,
        "formula": "number * 2",
        "blanks_as": "blank",
    }
    fields = [Component("field", "Sample__c.doubled", body)]
    fields += [one.component() for one in ROLL_UPS]
    with made_database(postgres_server, template_database) as dsn:
        async with a_world(dsn) as made:
            async with made.engine.database.change_metadata(made.tenant, made.viewer) as tx:
                await change_metadata(tx, Proposal(creates=tuple(fields)))
            yield made


def sent(child: Child, parent: str) -> dict[str, Any]:
    """Give a child as a caller sends it."""
    found: dict[str, Any] = {"name": "Part", "parent": parent}
    for name, value in child.items():
        if isinstance(value, datetime):
            found[name] = f"{value.isoformat(timespec='milliseconds')}Z"
        else:
            found[name] = value.isoformat() if isinstance(value, date) else value
    return found


def shown(value: Any) -> Any:
    """Give a plain value as a query shows it."""
    if isinstance(value, datetime):
        return f"{value.isoformat(timespec='milliseconds')}Z"
    return value.isoformat() if isinstance(value, date) else value


async def loaded(world: World, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Give what rules read of records."""
    numbers = [RecordId(parse_id(one)[1]) for one in ids]
    found: list[dict[str, Any]] = [{} for _ in ids]
    async with world.engine.database.read(world.tenant, world.viewer) as tx:
        obj = tx.catalog.get_object("Sample")
        for one in ROLL_UPS:
            field = obj.get_field(one.name)
            values = await load_roll_up(tx, field, numbers, moment_of(tx))
            for number, row in zip(numbers, found, strict=True):
                value = values[number]
                # What formulas take of a mean has more places than the field.
                if one.function == "average" and isinstance(value, Decimal):
                    value = rounded(value, PLACES)
                row[one.name] = value
    return found


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    families=st.lists(st.lists(children, max_size=6), min_size=1, max_size=3), gone=st.booleans()
)
async def test_a_roll_up_is_what_a_plain_reading_of_the_children_gives(
    world: World, families: list[list[Child]], gone: bool
) -> None:
    parents = await world.create("Sample", *({"name": "Whole"} for _ in families))
    made = [
        await world.create("Sample", *(sent(child, parent) for child in family)) if family else []
        for parent, family in zip(parents, families, strict=True)
    ]
    if gone and made[0]:
        await world.delete("Sample", made[0].pop())
        families[0].pop()
    names = ", ".join(one.name for one in ROLL_UPS)

    one_by_one = f"SELECT {names} FROM Sample WHERE id IN :ids ORDER BY id"
    listed = await world.ask(one_by_one, ids=parents)
    at_once = f"SELECT id, {names} FROM Sample ORDER BY {names} LIMIT 2000"
    page = await world.page(Question.of_text(at_once, page_size=2000))
    read = await loaded(world, parents)

    expected = [{one.name: one.plain(family) for one in ROLL_UPS} for family in families]
    told = [{name: shown(value) for name, value in row.items()} for row in expected]
    rows: list[Any] = [read_json(record) for record in page.records]
    grouped = {row["id"]: row for row in rows}
    assert [{**row, "id": None} for row in listed] == [{**row, "id": None} for row in told]
    assert [{**grouped[one], "id": None} for one in parents] == [
        {**row, "id": None} for row in told
    ]
    assert read == expected
