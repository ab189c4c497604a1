"""The roll-up of given records, as a statement of its own: what rules read of records' children."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Select, bindparam, column, func, select

from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.query_language.binding import Binder
from fieldstone.query_language.operands import Reader
from fieldstone.query_language.plan import Parameter
from fieldstone.query_language.rolled_up_sql import rolled_up_sql
from fieldstone.query_language.statement_parts import Tables

IDS: Final = "ids"
"""The parameter that takes the ids of the records."""


@dataclass(frozen=True, slots=True)
class RollUpStatement:
    """A statement with the rows id and value for each of some ids; records need not be there yet.

    parameters: what it takes beside the ids.
    """

    statement: Select[Any]
    parameters: tuple[Parameter, ...]


def compile_roll_up(field: Field, obj: ObjectDef, catalog: Catalog) -> RollUpStatement:
    """Give the statement of a roll-up field, with the values that formulas take."""
    made: list[Parameter] = []

    def parameter(number: int | None, read: Reader) -> Parameter:
        made.append(Parameter(f"p{len(made)}", number, read))
        return made[-1]

    rolled = Binder(catalog, ADMINISTRATOR, obj, parameter).rolled_up(0, field)
    ids = bindparam(IDS, type_=ARRAY(BigInteger), required=False)
    asked = func.unnest(ids).table_valued(column("id", BigInteger)).render_derived().alias("asked")
    children = Tables.of_children(rolled, catalog.by_id, count())
    value = rolled_up_sql(rolled, children, asked.c.id).correlate(asked).scalar_subquery()
    return RollUpStatement(select(asked.c.id, value.label("value")), tuple(made))
