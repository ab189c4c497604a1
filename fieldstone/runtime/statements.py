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
    Integer,
    Select,
    Table,
    bindparam,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.types import TypeEngine

T = TypeVar("T")
_DIALECT: Final = dialect()  # type: ignore[no-untyped-call]
_INLINE: Final = {"render_postcompile": True}

OPENED_TENANT: Final = "opened_tenant"
"""The parameter of a statement that opens its tenant by itself."""


class Prepared:
    """A statement as text, with the names of its parameters in order and those already known.

    It is compiled when it is asked for the first time: a process never runs most of those it knows,
    and compiling them all would take half of its start.
    """

    __slots__ = ("_compiled", "_statement")

    def __init__(self, statement: ClauseElement) -> None:
        self._statement: ClauseElement | None = statement
        self._compiled: _Compiled | None = None

    @property
    def sql(self) -> str:
        """The text."""
        return (self._compiled or self._compile()).sql

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its parameters, in order."""
        return (self._compiled or self._compile()).names

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Give the arguments in order. Raises KeyError for a parameter without a value."""
        known = (self._compiled or self._compile()).known
        return [values[name] if name in values else known[name] for name in self.names]

    def compiled(self) -> Prepared:
        """Give itself, compiled: so that this is done where it is asked for, and not on running."""
        _ = self._compiled or self._compile()
        return self

    def _compile(self) -> _Compiled:
        statement = self._statement
        if statement is None:
            # Another thread was faster.
            assert self._compiled is not None
            return self._compiled
        compiled = statement.compile(dialect=_DIALECT, compile_kwargs=_INLINE)
        names = tuple(compiled.positiontup or ())  # type: ignore[attr-defined]
        known = {key: value for key, value in compiled.params.items() if value is not None}
        self._compiled = _Compiled(str(compiled), names, known)
        self._statement = None
        return self._compiled


@dataclass(frozen=True, slots=True)
class _Compiled:
    """What came of a statement."""

    sql: str
    names: tuple[str, ...]
    known: Mapping[str, Any]


def parameter(name: str, type_: TypeEngine[T]) -> BindParameter[T]:
    """Give a parameter of a statement; its value comes when the statement runs."""
    return bindparam(name, type_=type_, required=False)


def incoming(table: Table, *columns: str) -> FromClause:
    """Give arrays of a call as rows: one parameter for each of these columns of a table."""
    arrays = [parameter(name, ARRAY(table.c[name].type)) for name in columns]
    typed: list[Column[Any]] = [Column(name, table.c[name].type) for name in columns]
    return func.unnest(*arrays).table_valued(*typed).render_derived().alias("x")


def prepare_opening(rows: Select[Any]) -> Prepared:
    """Compile a statement that opens its tenant and gives rows, in one way to the database.

    There is at least one row; each has the catalog's version beside what was asked. The rows wait
    for the version, so that the tenant is set when the policies are looked at.
    """
    tenant, reads = parameter(OPENED_TENANT, Integer()), literal(0, literal_execute=True)
    opened = select(func.open_tenant(tenant, reads).label("version")).cte("opened")
    waiting = rows.where(opened.c.version.is_not(None)).correlate(opened).lateral("found")
    both = opened.outerjoin(waiting, true())
    return prepare(select(*waiting.c, opened.c.version).select_from(both))


def prepare(statement: ClauseElement) -> Prepared:
    """Give a statement to be run; what is marked literal_execute becomes part of the text."""
    return Prepared(statement)
