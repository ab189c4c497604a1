"""Formulas over sample rows: their outcomes in memory and in PostgreSQL, and random ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from typing import cast as as_type

import asyncpg
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, bindparam, cast, false, select
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.errors import FieldstoneError, Span
from fieldstone.metadata import calculation
from fieldstone.metadata.calculation import Calculation, Kind, Value
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.values import Json, read_json, write_json
from fieldstone.query_language.constants import may_be_lifted
from fieldstone.query_language.formula.check import check, folded
from fieldstone.query_language.formula.compile import Columns, compile_expression
from fieldstone.query_language.formula.errors import UnknownName
from fieldstone.query_language.formula.evaluate import evaluate
from fieldstone.query_language.formula.object_fields import no_look_up
from fieldstone.query_language.formula.parse import parse_formula
from fieldstone.query_language.formula.sizes import shape_of_number
from fieldstone.query_language.formula.sql_values import SQL_TYPES, sent
from fieldstone.query_language.formula.typed import (
    Apply,
    Compiled,
    Constant,
    Failed,
    Misused,
    Read,
    Shape,
    Typed,
)
from fieldstone.query_language.functions.function import Function, Overloaded
from fieldstone.query_language.functions.look_up import LookUp
from fieldstone.query_language.functions.registry import FUNCTIONS
from fieldstone.query_language.syntax import Path
from fieldstone.runtime.statements import prepare

FAILED: Final = "failed"
ROWS: Final = Table(
    "formula_row",
    MetaData(),
    Column("place", Integer, primary_key=True),
    Column("data", JSONB, nullable=False),
)
FIELDS: Final[dict[str, Calculation]] = {
    "t1": calculation.AS_TEXT,
    "t2": calculation.AS_TEXT,
    "n1": calculation.AS_NUMBER,
    "n2": calculation.AS_NUMBER,
    "n3": calculation.AS_NUMBER,
    "amount": calculation.AS_CURRENCY,
    "share": calculation.AS_PERCENT,
    "b1": calculation.AS_BOOLEAN,
    "b2": calculation.AS_BOOLEAN,
    "d1": calculation.AS_DATE,
    "d2": calculation.AS_DATE,
    "i1": calculation.AS_DATETIME,
    "i2": calculation.AS_DATETIME,
    "m1": calculation.AS_TIME,
    "m2": calculation.AS_TIME,
    "k1": calculation.AS_CHOICE,
    "s1": calculation.AS_CHOICES,
    "id1": calculation.AS_ID,
    "g1": calculation.AS_PLACE,
    "g2": calculation.AS_PLACE,
}
"""The fields of the sample rows."""

MOMENT: Final[dict[str, Calculation]] = {
    "now": calculation.AS_DATETIME,
    "today": calculation.AS_DATE,
    "time": calculation.AS_TIME,
    "zone": calculation.AS_TEXT,
    "fiscal_month": calculation.AS_NUMBER,
}
"""What is known of the moment, under the names of MomentValue: each sample row has its own."""

_READABLE: Final = FIELDS | MOMENT

_DIGITS, _PLACES = 18, 6


@dataclass(frozen=True, slots=True)
class SampleScope:
    """What names mean: the fields of the sample rows."""

    functions = FUNCTIONS

    def read(self, path: Path) -> Read:
        """Give the field of a name."""
        name = path.text.lower()
        if name not in FIELDS:
            hint = suggestion(name, FIELDS)
            raise UnknownName(f"There is no field {path.text}.", at=path.span, hint=hint)
        return field(name)

    def look_up(self, result: Path, key: Path, at: Span) -> LookUp:
        """There are no other objects."""
        raise no_look_up(at)

    def special(self, name: str, arguments: Sequence[Typed], at: Span) -> Typed | None:
        """There are no functions of rules."""
        return None


def field(name: str) -> Read:
    """Give the Read of a field of the sample rows."""
    kind = FIELDS[name].kind
    sized = kind.is_number
    return Read(name, Shape(kind, _DIGITS, _PLACES + 2) if sized else Shape(kind))


def typed(text: str) -> Typed:
    """Give the typed expression of a formula over the sample rows."""
    return check(parse_formula(text), SampleScope())


def in_memory(expression: Typed, row: dict[str, Json]) -> Value:
    """Give the outcome for a row, FAILED where it fails."""
    try:
        return evaluate(expression, lambda name: _READABLE[str(name)].read(row.get(str(name))))
    except Failed:
        return FAILED


def value_of(text: str, **row: Json) -> Value:
    """Give the outcome of a formula in memory."""
    return in_memory(typed(text), row)


class FormulaTable:
    """Asks PostgreSQL for the outcomes of expressions, from tests that are not asynchronous."""

    def __init__(self, dsn: str) -> None:
        self._runner = asyncio.Runner()
        self._connection = self._runner.run(self._open(dsn))
        self._rows: Sequence[dict[str, Json]] = ()

    def close(self) -> None:
        """Close the connection."""
        self._runner.run(self._connection.close())
        self._runner.close()

    def outcomes(
        self,
        expression: Typed,
        rows: Sequence[dict[str, Json]],
        columns_of: Columns | None = None,
        by: Callable[[Typed, Columns], Compiled] = compile_expression,
    ) -> list[Value]:
        """Give the outcome for each row, FAILED where it fails. It is null then, too."""
        compiled = by(expression, columns_of or _column)
        fails = false() if compiled.fails is None else compiled.fails
        columns = compiled.value.label("value"), fails.label("fails")
        statement = prepare(select(*columns).select_from(ROWS).order_by(ROWS.c.place))
        found = self._runner.run(self._ask(statement.sql, statement.arguments({}), rows))
        outcomes: list[Value] = []
        for row in found:
            assert row["fails"] is not None, "fails is never null"
            assert not (row["fails"] and row["value"] is not None), "what fails is null"
            outcomes.append(FAILED if row["fails"] else _plain(row["value"], compiled.kind))
        return outcomes

    async def _open(self, dsn: str) -> Any:
        connection = await asyncpg.connect(dsn)
        await connection.execute(
            "CREATE TEMPORARY TABLE formula_row (place int PRIMARY KEY, data jsonb NOT NULL)"
        )
        return connection

    async def _ask(self, sql: str, arguments: list[Any], rows: Sequence[dict[str, Json]]) -> Any:
        if rows != self._rows:
            await self._connection.execute("TRUNCATE formula_row")
            await self._connection.executemany(
                "INSERT INTO formula_row VALUES ($1, $2)",
                [(place, write_json(row)) for place, row in enumerate(rows)],
            )
            self._rows = rows
        return await self._connection.fetch(sql, *arguments)


@contextmanager
def formula_table(dsn: str) -> Iterator[FormulaTable]:
    """Open a table of sample rows for a block."""
    table = FormulaTable(dsn)
    try:
        yield table
    finally:
        table.close()


def _column(read: Read) -> Any:
    if isinstance(read.source, Constant):
        kind = SQL_TYPES[read.shape.kind]
        return cast(bindparam(None, sent(read.source), type_=kind, unique=True), kind)
    name = str(read.source)
    return _READABLE[name].sql(ROWS.c.data[name])


def _plain(value: Any, kind: Kind) -> Value:
    plain: Value = value
    if value is None or kind not in (Kind.PLACE, Kind.CHOICES):
        return plain
    # Sent as the text of its JSON.
    read = calculation.AS_PLACE if kind is Kind.PLACE else calculation.AS_CHOICES
    return read.read(read_json(value))


# Random rows and random expressions

_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_WORDS = (
    "",
    " ",
    "a",
    "ABC",
    "aBc",
    "straße",
    "İI",
    "é",
    "e\u0301",
    "日本",
    "😀x",
    "a;b",
    "%_\\",
    "'",
)
_WRITTEN = ("100", "-1.5", "1e3", ".5", "2026-02-29", "2026-02-28", "12:30:45.123")
_SPECIAL = st.sampled_from([*_WORDS, *_WRITTEN, "2026-01-31 10:11:12", "a@b.example"])
TEXTS = _SPECIAL | st.text(_CHARACTERS, max_size=12)
NUMBERS = (
    st.integers(-20, 120).map(Decimal)
    | st.sampled_from([Decimal(text) for text in ("0", "0.5", "-0.5", "2.5", "-2.5", "1e-6")])
    | st.decimals(Decimal(-(10**12)), Decimal(10**12), places=_PLACES)
)
DAYS = st.dates(date(1700, 1, 1), date(4000, 12, 31)) | st.sampled_from(
    [date(2024, 2, 29), date(2026, 12, 31), date(1970, 1, 1), date(4000, 12, 31), date(1700, 1, 1)]
)
TIMES = st.times().map(lambda one: one.replace(microsecond=one.microsecond // 1000 * 1000))
ZONES: Final = (
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
)
"""Zones with old rules: Python and PostgreSQL may hold other editions of newer ones."""
_JSON_OF = {
    Kind.TEXT: TEXTS,
    Kind.NUMBER: NUMBERS,
    Kind.CURRENCY: NUMBERS,
    Kind.PERCENT: NUMBERS,
    Kind.BOOLEAN: st.booleans(),
    Kind.DATE: DAYS.map(date.isoformat),
    Kind.DATETIME: st.builds(
        lambda day, moment: datetime.combine(day, moment).isoformat(timespec="milliseconds") + "Z",
        DAYS,
        TIMES,
    ),
    Kind.TIME: TIMES.map(lambda one: one.isoformat(timespec="milliseconds")),
    Kind.CHOICE: st.sampled_from(["Open", "Closed", "closed", ""]),
    Kind.CHOICES: st.lists(st.sampled_from(["S", "M", "L"]), unique=True),
    Kind.ID: st.sampled_from(["deal_1f", "acct_2a", ""]),
    Kind.PLACE: st.builds(
        lambda latitude, longitude: {"latitude": latitude, "longitude": longitude},
        st.decimals(-90, 90, places=4),
        st.decimals(-180, 180, places=4),
    ),
}


def sample_rows() -> st.SearchStrategy[list[dict[str, Json]]]:
    """Give a strategy of rows; each field may be missing."""
    one = {name: st.none() | _JSON_OF[kind.kind] for name, kind in FIELDS.items()}
    one |= {name: _JSON_OF[kind.kind] for name, kind in MOMENT.items()}
    one |= {"zone": st.sampled_from(ZONES), "fiscal_month": st.integers(1, 12).map(Decimal)}
    return st.lists(st.fixed_dictionaries(one).map(_without_nulls), min_size=4, max_size=16)


def _without_nulls(row: dict[str, object]) -> dict[str, Json]:
    known = {key: value for key, value in row.items() if value is not None}
    return as_type("dict[str, Json]", known)


def forms() -> list[Function]:
    """Give every function, of those with several forms each of them."""
    found: list[Function] = []
    for function in FUNCTIONS.values():
        if isinstance(function, Overloaded):
            found.extend(function.forms)
        else:
            found.append(function)
    return found


def constants(kind: Kind) -> st.SearchStrategy[Typed]:
    """Give a strategy of constants of a kind."""
    if kind.is_number:
        small = st.integers(-3, 40).map(Decimal) | NUMBERS
        return small.map(lambda value: Constant(value, shape_of_number(value)))
    if kind.is_text:
        return TEXTS.map(lambda value: Constant(value, Shape(Kind.TEXT)))
    if kind is Kind.BOOLEAN:
        return st.booleans().map(lambda value: Constant(value, Shape(kind)))
    if kind is Kind.DATE:
        return DAYS.map(lambda value: Constant(value, Shape(kind)))
    return st.nothing()


@lru_cache
def _giving(kind: Kind) -> tuple[Function, ...]:
    """Give the functions whose value is of a kind, or may be."""
    found = []
    for function in forms():
        kinds = _results(function)
        if kind in kinds:
            found.append(function)
    return tuple(found)


def _results(function: Function) -> set[Kind]:
    """Give the kinds that a function gives for arguments of simple kinds."""
    found = set()
    for like in (Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.BOOLEAN):
        for count in range(7):
            arguments = [
                field(_field_of(_kind_taken(function, place, like))) for place in range(count)
            ]
            try:
                chosen = function.choose(arguments)
                found.add(chosen.shape(chosen.adapt(arguments)).kind)
            except (Misused, FieldstoneError):
                continue
    return found


def _kind_taken(function: Function, place: int, like: Kind) -> Kind:
    if not function.takes:
        return like
    kinds = function.takes[min(place, len(function.takes) - 1)].kinds
    return like if like in kinds else min(kinds)


def _field_of(kind: Kind) -> str:
    return next((name for name, one in FIELDS.items() if one.kind is kind), "t1")


@st.composite
def expressions(draw: st.DrawFn, kind: Kind, depth: int = 3) -> Typed:
    """Draw an expression of a kind: constants, fields and functions of them."""
    fields = [field(name) for name, one in FIELDS.items() if _same(one.kind, kind)]
    leaves: list[st.SearchStrategy[Typed]] = [constants(kind)]
    if fields:
        leaves.append(st.sampled_from(fields))
    if depth and (functions := _giving(kind)) and draw(st.integers(0, 9)):
        made = draw_application(draw, draw(st.sampled_from(functions)), kind, depth)
        if made is not None:
            return made
    return draw(st.one_of(leaves))


def draw_application(draw: st.DrawFn, function: Function, kind: Kind, depth: int) -> Typed | None:
    """Draw a use of a function; None where the arguments that were drawn do not go together."""
    arguments = draw_arguments(draw, function, kind, depth)
    return None if arguments is None else applied(function, arguments)


def draw_arguments(
    draw: st.DrawFn, function: Function, kind: Kind, depth: int
) -> list[Typed] | None:
    """Draw arguments of a function; None where it takes a kind that cannot be drawn."""
    fewest = sum(not one.optional for one in function.takes)
    most = len(function.takes) + (4 if function.takes and function.takes[-1].repeats else 0)
    arguments = []
    for place in range(draw(st.integers(fewest, most))):
        kinds = function.takes[min(place, len(function.takes) - 1)].kinds
        usual = [one for one in Kind if one in kinds and one is not Kind.NOTHING]
        wanted = kind if kind in kinds and draw(st.integers(0, 3)) else draw(st.sampled_from(usual))
        if not _can_draw(wanted):
            return None
        if function.name == "DISTANCE" and place == 2:
            # Any other text is refused or fails, so that hardly a distance would be measured.
            arguments.append(draw(st.sampled_from([_unit("km"), _unit("mi")])))
            continue
        arguments.append(draw(expressions(wanted, depth - 1)))
    return arguments


def applied(function: Function, arguments: Sequence[Typed]) -> Typed | None:
    """Give a function of arguments, worked out if it is constant; None if it does not take them."""
    try:
        chosen = function.choose(arguments)
        adapted = tuple(chosen.adapt(arguments))
        return folded(Apply(chosen, adapted, chosen.shape(adapted)))
    except Misused:
        return None


def lifted(function: Function, arguments: Sequence[Typed]) -> list[Typed]:
    """Give arguments of which constants are read as parameters, as queries lift them."""
    if function.reads_constants:
        return list(arguments)
    return [
        Read(one, one.shape) if isinstance(one, Constant) and may_be_lifted(one) else one
        for one in arguments
    ]


def _unit(name: str) -> Typed:
    return Constant(name, Shape(Kind.TEXT))


def _can_draw(kind: Kind) -> bool:
    return any(_same(one.kind, kind) for one in FIELDS.values())


def _same(kind: Kind, wanted: Kind) -> bool:
    return kind is wanted or (kind.is_number and wanted.is_number)
