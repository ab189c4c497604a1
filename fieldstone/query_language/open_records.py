"""Which of some records are open to a viewer, as one statement, whatever their number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Select, any_, bindparam, func, select, true

from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.record_access import RecordAccess
from fieldstone.metadata.sharing import Level
from fieldstone.query_language.guarded_sql import guarded
from fieldstone.query_language.guards import Guards
from fieldstone.query_language.operands import Reader
from fieldstone.query_language.plan import Guard, Parameter, Rows, SourceTable
from fieldstone.query_language.statement_parts import GuardedTables, Tables

RECORDS: Final = "open_records"
"""The parameter that takes the ids that are asked about."""


@dataclass(frozen=True, slots=True)
class OpenRecords:
    """The statement, with columns id and editable, and what its parameters take."""

    statement: Select[Any]
    parameters: tuple[Parameter, ...]


def open_records(catalog: Catalog, access: RecordAccess, obj: ObjectDef) -> OpenRecords | None:
    """Give what asks which records may be seen and which edited; None where all may be both.

    Records in the bin are asked about as those that are not.
    """
    maker = ParameterMaker()
    guards = [Guards(catalog, access, maker.make, level).of(obj.id) for level in Level]
    seen, edited = guards
    if seen is None and edited is None:
        return None
    tables = _tables(catalog, obj, seen)
    table = tables.aliases[0]
    wanted = bindparam(RECORDS, type_=ARRAY(BigInteger), required=False)
    editable = true() if edited is None else guarded(edited, table, GuardedTables(tables))
    found = (
        select(table.c.id, func.coalesce(editable, False).label("editable"))
        .select_from(tables.joined())
        .where(*tables.filtered(), table.c.id == any_(wanted))
    )
    return OpenRecords(found, tuple(maker.made))


def _tables(catalog: Catalog, obj: ObjectDef, guard: Guard | None) -> Tables:
    rows = Rows(catalog.tenant_id, (SourceTable(obj, guard=guard),), None, deleted=True)
    return Tables.of(rows, (), catalog.by_id, count())


class ParameterMaker:
    """Makes the parameters of a statement that no query asks for."""

    def __init__(self) -> None:
        self.made: list[Parameter] = []

    @property
    def make(self) -> Callable[[int | None, Reader], Parameter]:
        """What makes one."""
        return self._make

    def _make(self, number: int | None, read: Reader) -> Parameter:
        assert number is None, "there is no query whose literals could be read"
        made = Parameter(f"g{len(self.made)}", number, read)
        self.made.append(made)
        return made
