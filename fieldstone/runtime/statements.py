"""SQL statements are built by SQLAlchemy once and then run on asyncpg as they are.

Building and compiling takes longer than most statements take to run (docs/architecture/storage.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ClauseElement,
    Column,
    FromClause,
    Table,
    bindparam,
    func,
)
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.types import TypeEngine

T = TypeVar("T")
_DIALECT: Final = dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as text, with the names of its parameters in order and those already known."""

    sql: str
    names: tuple[str, ...]
    known: Mapping[str, Any]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Give the arguments in order. Raises KeyError for a parameter without a value."""
        return [values[name] if name in values else self.known[name] for name in self.names]


def parameter(name: str, type_: TypeEngine[T]) -> BindParameter[T]:
    """Give a parameter of a statement; its value comes when the statement runs."""
    return bindparam(name, type_=type_, required=False)


def incoming(table: Table, *columns: str) -> FromClause:
    """Give arrays of a call as rows: one parameter for each of these columns of a table."""
    arrays = [parameter(name, ARRAY(table.c[name].type)) for name in columns]
    typed: list[Column[Any]] = [Column(name, table.c[name].type) for name in columns]
    return func.unnest(*arrays).table_valued(*typed).render_derived().alias("x")


def prepare(statement: ClauseElement) -> Prepared:
    """Compile a statement; what is marked literal_execute becomes part of the text."""
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    names = tuple(compiled.positiontup or ())  # type: ignore[attr-defined]
    params = compiled.params
    return Prepared(str(compiled), names, {k: v for k, v in params.items() if v is not None})
