"""VLOOKUP for given keys, as a statement of its own: what rules and defaults look up."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from sqlalchemy import ARRAY, Select, bindparam, column, func, select

from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.query_language.binding import Binder
from fieldstone.query_language.formula.sql_values import SQL_TYPES
from fieldstone.query_language.functions.look_up import LookedUpField
from fieldstone.query_language.looked_up_sql import looked_up_sql
from fieldstone.query_language.operands import Reader
from fieldstone.query_language.plan import Parameter
from fieldstone.query_language.statement_parts import Tables

KEYS: Final = "keys"
"""The parameter that takes the keys."""


@dataclass(frozen=True, slots=True)
class LookUpStatement:
    """A statement with the rows key and value for each of some keys that differ.

    parameters: what it takes beside the keys.
    """

    statement: Select[Any]
    parameters: tuple[Parameter, ...]


def compile_look_up(wanted: LookedUpField, catalog: Catalog) -> LookUpStatement:
    """Give the statement of a look-up, with the values that formulas take."""
    made: list[Parameter] = []

    def parameter(number: int | None, read: Reader) -> Parameter:
        made.append(Parameter(f"p{len(made)}", number, read))
        return made[-1]

    looked = Binder(catalog, ADMINISTRATOR, wanted.object, parameter).looked_up(wanted)
    assert wanted.key.type.calculation is not None
    kind = SQL_TYPES[wanted.key.type.calculation.kind]
    keys = bindparam(KEYS, type_=ARRAY(kind), required=False)
    asked = func.unnest(keys).table_valued(column("key", kind)).render_derived().alias("asked")
    rows = Tables.of(looked.rows, (looked.result,), catalog.by_id, count())
    value = looked_up_sql(looked, rows, asked.c.key)
    return LookUpStatement(select(asked.c.key, value.label("value")), tuple(made))
