"""A plan of FIND to one statement, whatever the number of its objects. A plan always compiles.

PostgreSQL first asks an index for records whose whole search text may match; of those it looks at
the fields that the viewer may read, and at nothing else. Whatever these fields match, the index
finds, so that what the viewer may not read neither adds nor hides a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, Final, assert_never

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    cast,
    column,
    false,
    func,
    not_,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.catalog import Catalog, Field
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.columns import stored
from fieldstone.query_language.finding.plan import FindPart, FindPlan, Mention
from fieldstone.query_language.finding.syntax import AllOf, AnyOf, NoneOf, SearchText, Term
from fieldstone.query_language.joined_sources import refs_of_rows
from fieldstone.query_language.plan import Parameter
from fieldstone.query_language.row_json import json_object, row_json
from fieldstone.query_language.statement_parts import RowConditions, Tables, bound, ordered

TENANT: Final = "find_tenant"
OBJECTS: Final = "find_objects"
PATTERNS: Final = "find_patterns"
MOST: Final = "find_most"
BEGINNING: Final = "find_beginning"
LIMIT: Final = "find_limit"
INCOMPLETE: Final = -1
"""The part of a row that only says that more records matched than were looked at."""
_BETWEEN: Final = "\x01"
"""Stands between the fields of a record, and in no phrase."""
_MOST_ARGUMENTS: Final = 90
RANKED: Final = 400
"""How many of the likeliest records of an object are put in order by how well they fit."""

MOST_SHOWN: Final = 10_000
"""Characters of a text that are given to be marked; of those the first are looked at."""


def rows_parameter(part: int) -> str:
    """Give the name of the parameter that takes how many rows a part gives."""
    return f"find_rows{part}"


def offset_parameter(part: int) -> str:
    """Give the name of the parameter that takes how many rows of a part are passed over."""
    return f"find_offset{part}"


def compile_find(plan: FindPlan, catalog: Catalog) -> Select[Any]:
    """Give the statement of a search.

    Its rows come part by part in their order: part, place, row (JSON text), id, title, total (how
    many rows the part has in all), texts (JSON text of the fields that were looked at, or null).
    Rows that all parts together have beyond LIMIT, which takes them by turns, are left out; what a
    part needs to put its likeliest rows in order stays.
    """
    found = _candidates()
    numbers = count()
    parts = [
        _Part(plan, part, catalog, numbers).rows(number, found)
        for number, part in enumerate(plan.parts)
    ]
    listed = [part.subquery(f"part{number}") for number, part in enumerate(parts)]
    both = union_all(*(select(*one.c) for one in listed), _incomplete(found)).subquery("found_rows")
    shares = func.row_number().over(
        partition_by=both.c.turn > constant(0), order_by=(both.c.turn, both.c.part)
    )
    shared = select(*both.c, shares.label("share")).subquery("shared_rows")
    fits = or_(
        shared.c.turn <= constant(0),
        shared.c.place <= shared.c.ranked,
        shared.c.share <= _parameter(LIMIT, Integer()),
    )
    given = [column for column in shared.c if column.name not in ("turn", "ranked", "share")]
    return select(*given).where(fits).order_by(shared.c.part, shared.c.place)


def _candidates() -> CTE:
    """Give ids of records that may match, of all objects at once."""
    arguments = (
        _parameter(TENANT, Integer()),
        _parameter(OBJECTS, ARRAY(Integer)),
        cast(_parameter(PATTERNS, Text()), JSONB),
        _parameter(MOST, Integer()),
    )
    columns = (column("id", BigInteger), column("object_id", Integer), column("more", Boolean))
    given = func.find_records(*arguments).table_valued(*columns)
    return select(*given.c).cte("candidates").prefix_with("MATERIALIZED")


def _parameter(name: str, kind: Any) -> ColumnElement[Any]:
    return bound(Parameter(name, None, lambda literal, moment: literal), kind)


def _incomplete(found: CTE) -> Select[Any]:
    nothing = [cast(null(), kind) for kind in (Text, BigInteger, Text, BigInteger, Text)]
    # A table of its own, for what is limited stands in no union by itself.
    first = select(found.c.more).where(found.c.more).limit(constant(1)).subquery("more_match")
    numbers = [constant(number) for number in (INCOMPLETE, 0, 0, 0)]
    return select(*numbers, *nothing).select_from(first)


class _Part:
    """Makes the rows of one object."""

    def __init__(
        self, plan: FindPlan, part: FindPart, catalog: Catalog, numbers: count[int]
    ) -> None:
        self._plan = plan
        self._part = part
        refs = refs_of_rows(part.plan.members, part.plan.order_by)
        tables = Tables.of(part.plan.rows, refs, catalog.by_id, numbers)
        self._tables = tables.summing(key.left for key in part.plan.order_by)
        self._table = tables.aliases[0]

    def rows(self, number: int, found: CTE) -> Select[Any]:
        """Give the rows of the part, as many as its parameter says."""
        order = self._order()
        # As an array it is a condition of the index, whatever PostgreSQL expects of the rows.
        among = select(found.c.id).where(found.c.object_id == constant(self._part.object.id))
        is_candidate = self._table.c.id == func.any(func.array(among.scalar_subquery()))
        place = func.row_number().over(order_by=order)
        skipped = _parameter(offset_parameter(number), Integer())
        ranked = 0 if self._part.plan.order_by else RANKED
        statement = (
            select(
                constant(number).label("part"),
                place.label("place"),
                (place - skipped).label("turn"),
                constant(ranked).label("ranked"),
                row_json(self._tables, self._part.plan.members).label("row"),
                self._table.c.id.label("id"),
                self._title().label("title"),
                func.count().over().label("total"),
                self._texts().label("texts"),
            )
            .select_from(self._tables.joined())
            .where(*self._tables.filtered(), is_candidate, self._matches())
        )
        most = _parameter(rows_parameter(number), Integer())
        return statement.order_by(*order).limit(most)

    def _order(self) -> list[ColumnElement[Any]]:
        own_id, keys = self._table.c.id, self._part.plan.order_by
        if keys:
            asked = ordered(RowConditions(self._tables), keys)
            return [*asked, own_id.desc() if keys[-1].descending else own_id.asc()]
        if self._part.title is None:
            return [own_id.asc()]
        title = self._title()
        begins = func.starts_with(title, _parameter(BEGINNING, Text()))
        return [begins.desc().nulls_last(), func.length(title).asc().nulls_last(), own_id.asc()]

    def _title(self) -> ColumnElement[Any]:
        """Give the folded name of a record, by which rows are ranked."""
        title = self._part.title
        return cast(null(), Text) if title is None else func.lower(_text(self._table, title))

    def _texts(self) -> ColumnElement[Any]:
        if not self._plan.shows_texts:
            return cast(null(), Text)
        most = constant(MOST_SHOWN)
        texts = [(one, _text(self._table, one)) for one in self._part.texts]
        return json_object([(one.name, func.left(text, most)) for one, text in texts])

    def _matches(self) -> ColumnElement[bool]:
        if not (self._part.texts or self._part.phones):
            return false()
        return self._match(self._plan.search, iter(self._plan.mentions))

    def _match(self, search: SearchText, mentions: Iterator[Mention]) -> ColumnElement[bool]:
        """Give the condition that a record matches; it is never null."""
        match search:
            case Term():
                return self._mentions(next(mentions))
            case AllOf(parts):
                return and_(true(), *[self._match(part, mentions) for part in parts])
            case AnyOf(parts):
                return or_(false(), *[self._match(part, mentions) for part in parts])
            case NoneOf(part):
                return not_(self._match(part, mentions))
            case _:
                assert_never(search)

    def _mentions(self, mention: Mention) -> ColumnElement[bool]:
        tests: list[ColumnElement[bool]] = []
        if self._part.texts:
            texts = _joined([_text(self._table, one) for one in self._part.texts])
            folded = func.lower(texts).collate("C")
            # PostgreSQL folds both, as it may know capitals that Python does not.
            expression = func.lower(bound(mention.expression, Text())).collate("C")
            tests.append(folded.regexp_match(expression))
        if mention.digits is not None:
            digits = bound(mention.digits, Text())
            for phone in self._part.phones:
                of_phone = phone.type.sql(stored(self._table, phone), phone.options)
                tests.append(func.coalesce(of_phone, constant("")).like(digits))
        return or_(false(), *tests)


def _text(table: FromClause, field: Field) -> ColumnElement[str]:
    return field.type.search_sql(stored(table, field), field.options)


def _joined(texts: list[ColumnElement[str]]) -> ColumnElement[str]:
    """Give the text of several fields; what is null is left out."""
    while len(texts) > 1:
        texts = [
            func.concat_ws(
                constant(_BETWEEN), *texts[start : start + _MOST_ARGUMENTS], type_=Text()
            )
            for start in range(0, len(texts), _MOST_ARGUMENTS)
        ]
    return func.coalesce(texts[0], constant(""), type_=Text())
