"""Which rules of territories records of an object meet, as one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    any_,
    bindparam,
    cast,
    false,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import array

from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.territories import TerritoryRule
from fieldstone.query_language.guards import criterion_rows
from fieldstone.query_language.open_records import ParameterMaker
from fieldstone.query_language.plan import Parameter, Rows, SourceTable
from fieldstone.query_language.statement_parts import GuardedTables, Tables

RECORDS: Final = "matched_records"
"""The parameter that takes the ids of the records, where these are named."""
AFTER: Final = "matched_after"
"""The parameter that takes the id behind which records are looked at."""


@dataclass(frozen=True, slots=True)
class TerritoryMatches:
    """The statement, with columns id and matches, and what its parameters take.

    matches: for each rule, in their order, whether the record meets it.
    """

    statement: Select[Any]
    parameters: tuple[Parameter, ...]


def territory_matches(
    catalog: Catalog, obj: ObjectDef, most: int, *, named: bool
) -> TerritoryMatches:
    """Give what asks which rules so many live records meet, in order of id.

    named: whether it is asked about some records alone.
    """
    maker = ParameterMaker()
    rows = Rows(catalog.tenant_id, (SourceTable(obj),), None)
    tables = Tables.of(rows, (), catalog.by_id, count())
    table = tables.aliases[0]
    rules = catalog.territory_rules.get(obj.id, ())
    met = [func.coalesce(one, false()) for one in _conditions(catalog, obj, rules, tables, maker)]
    wanted = table.c.id == any_(bindparam(RECORDS, type_=ARRAY(BigInteger), required=False))
    after = bindparam(AFTER, type_=BigInteger(), required=False)
    found = (
        select(table.c.id, cast(array(met), ARRAY(Boolean)).label("matches"))
        .where(*tables.filtered(), *((wanted,) if named else ()), table.c.id > after)
        .order_by(table.c.id)
        .limit(constant(most))
    )
    return TerritoryMatches(found, tuple(maker.made))


def _conditions(
    catalog: Catalog,
    obj: ObjectDef,
    rules: Sequence[TerritoryRule],
    tables: Tables,
    maker: ParameterMaker,
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for rule in rules:
        rows = criterion_rows(obj, rule.where, catalog, maker.make)
        met = None if rows is None else GuardedTables(tables).meets(rows, tables.aliases[0])
        found.append(false() if met is None else met)
    return found
