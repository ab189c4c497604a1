"""What pointed to a record at an instant: found by what points to it today, and by the change log.

No index tells what a reference held then. But whatever pointed to a record either does so still,
and is among its links, or was changed since, and the log holds what it had pointed to.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    func,
    select,
    true,
    union_all,
)

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.field_types.reference import id_number, id_number_of
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.tables import CHANGE, LINK
from fieldstone.query_language.columns import stored
from fieldstone.query_language.past_rows import instant_bound
from fieldstone.query_language.plan import Rows
from fieldstone.query_language.relations import points


def pointed(
    own: FromClause,
    reference: Field,
    rows: Rows,
    parent: ColumnElement[Any],
    numbers: count[int],
) -> ColumnElement[bool]:
    """Give the condition that a record pointed to another by a reference.

    own: the record, as past_rows gives it. rows: those that it is one of. parent: the other's id.
    """
    number = next(numbers)
    held = stored(own, reference)
    if points(reference):
        exact = id_number(held) == parent
    else:
        members = _members(held, number)
        exact = parent.in_(select(id_number_of(members.c.member)).select_from(members))
    return and_(own.c.id.in_(_candidates(reference, rows, parent, number)), exact)


def with_targets(
    tables: FromClause, holder: ColumnElement[Any], reference: Field, number: int
) -> tuple[FromClause, ColumnElement[int]]:
    """Give tables with a row for each record that a reference points to, and the id of that.

    holder: the JSON in which the reference stands. number: makes names unique in a statement.
    """
    held = holder[constant(reference.key)]
    if points(reference):
        return tables, id_number(held)
    members = _members(held, number)
    return tables.join(members, true()), id_number_of(members.c.member)


def _members(held: ColumnElement[Any], number: int) -> FromClause:
    """Give the ids of a stored list as rows; null, as the log says of an empty one, has none."""
    listed = case((func.jsonb_typeof(held) == constant("array"), held))
    found = func.jsonb_array_elements_text(listed).table_valued("member").render_derived()
    return found.lateral(f"m{number}")


def _candidates(
    reference: Field, rows: Rows, parent: ColumnElement[Any], number: int
) -> Select[Any]:
    """Give the ids of all that may have pointed there: few, and found by indexes."""
    link = LINK.alias(f"k{number}")
    today = select(link.c.source_id.label("id")).where(
        link.c.tenant_id == constant(rows.tenant_id),
        link.c.field_id == constant(reference.id),
        link.c.target_id == parent,
    )
    moved = _moved(reference, rows, number)
    then = select(moved.c.id).where(moved.c.target == parent)
    both = union_all(today.correlate_except(link), then.correlate_except(moved))
    return select(both.subquery(f"b{number}").c.id)


def _moved(reference: Field, rows: Rows, number: int) -> CTE:
    """Give what the references that were changed since had held: read once for a statement."""
    log = CHANGE.alias(f"l{number}")
    tables, target = with_targets(log, log.c.before, reference, number)
    found = (
        select(log.c.record_id.label("id"), target.label("target"))
        .select_from(tables)
        .where(
            log.c.tenant_id == constant(rows.tenant_id),
            log.c.object_id == constant(rows.sources[0].object.id),
            log.c.at > instant_bound(rows),
            log.c.before.has_key(constant(reference.key)),
        )
    )
    return found.cte(f"moved{number}").prefix_with("MATERIALIZED")
