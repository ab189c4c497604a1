"""What the sources of a query are read from: a heap, a heap as it was, or the catalog."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import FromClause

from fieldstone.metadata.tables import heap
from fieldstone.query_language.columns import comparable
from fieldstone.query_language.declared_sources import DeclaredObject, declared_table
from fieldstone.query_language.past_rows import PastTable
from fieldstone.query_language.plan import FieldRef, Rows, SourceTable


def source_table(
    rows: Rows, source: SourceTable, number: int, before: Sequence[FromClause]
) -> FromClause:
    """Give the records of a source; who asks is, in the past as well, who they are today.

    before: the tables of the sources that stand in front of it.
    """
    if isinstance(source.object, DeclaredObject):
        return declared_table(source.object, rows.tenant_id, f"t{number}")
    if rows.as_of is None or source.user is not None:
        return heap(source.object.heap).alias(f"t{number}")
    past = PastTable(rows, source.object, number)
    if source.parent is None or source.reference is None:
        return past.every()
    beside = before[source.parent]
    return past.one(comparable(beside, FieldRef(source.parent, source.reference)), beside)
