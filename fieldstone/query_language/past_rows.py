"""Records as they were at an instant, as a table of a statement: the rows of today, led back.

The change log keeps with every change what stood there before. Of a record that changed since the
instant, the first such value of each key is what it had then; what nobody touched since is what
the row has today. Only those rows are looked up in the log, by its index on records.

What was written under an earlier time and still came later, because it had waited for another
writer, stays: a record is as its last change of the time up to the instant left it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.tables import CHANGE, heap
from fieldstone.query_language.plan import Rows

LONGEST_WRITE: Final = timedelta(days=1)
"""No transaction that writes records lasts longer: so far apart are times told by the log alone."""

_OWNER: Final = "owner"
_COLUMNS: Final = ("tenant_id", "object_id", "id", "created_at", "created_by")
"""What never changes."""


def instant_bound(rows: Rows) -> BindParameter[Any]:
    """Give the parameter of the instant at which some rows are looked at."""
    assert rows.as_of is not None
    return bindparam(rows.as_of.name, type_=DateTime(timezone=True), required=False)


@dataclass(frozen=True, slots=True)
class PastTable:
    """An object's records as they were, with the columns of a heap but for the slots.

    In the place of deleted_at they have live: not null of a record that was. rows: those that it
    is a source of. number: makes its names unique in a statement.
    """

    rows: Rows
    object: ObjectDef
    number: int

    def every(self) -> FromClause:
        """Give all that had been created."""
        past = _Past(self)
        return past.found().subquery(f"t{self.number}")

    def one(self, record_id: ColumnElement[int], beside: FromClause) -> FromClause:
        """Give the one of an id that a row beside it has; none where it has none.

        PostgreSQL looks it up for each row, by its id, and is kept from joining whole tables: it
        knows too little of values of then to choose.
        """
        past = _Past(self)
        found = past.found().where(past.own.c.id == record_id).correlate(beside)
        return found.offset(constant(0)).lateral(f"t{self.number}")


class _Past:
    """A heap's rows, each beside what the log knows of what was undone since."""

    def __init__(self, table: PastTable) -> None:
        self.own = heap(table.object.heap).alias(f"h{table.number}")
        self._object = constant(table.object.id)
        self._tenant = constant(table.rows.tenant_id)
        self._instant = instant_bound(table.rows)
        self._number = table.number
        self._earlier = [
            (one, field.key) for field in table.object.own_fields for one in field.earlier
        ]
        self._since = self._changes_since()
        self._emptied = self._emptied_keys()

    def found(self) -> Select[Any]:
        """Give the rows that were there."""
        own = self.own
        return (
            select(*(own.c[name] for name in _COLUMNS), *self._columns())
            .select_from(own.outerjoin(self._since, true()).outerjoin(self._emptied, true()))
            .where(
                own.c.tenant_id == self._tenant,
                own.c.object_id == self._object,
                own.c.created_at <= self._instant,
            )
        )

    def _columns(self) -> list[ColumnElement[Any]]:
        """Give what changes with time, as it was."""
        own, since = self.own, self._since
        before = since.c.before
        had_owner = before.has_key(constant(_OWNER))
        owner = cast(before[constant(_OWNER)].astext, BigInteger)
        return [
            func.coalesce(since.c.version, own.c.version).label("version"),
            case((had_owner, owner), else_=own.c.owner_id).label("owner_id"),
            self._last("at", own.c.updated_at).label("updated_at"),
            self._last("actor_id", own.c.updated_by).label("updated_by"),
            self._live().label("live"),
            self._led_back(own.c.data).label("data"),
            self._led_back(own.c.data_long).label("data_long"),
        ]

    def _changes_since(self) -> FromClause:
        """Give what the changes since the instant undo to, in one row; all null where none was."""
        log = CHANGE.alias(f"l{self._number}")
        each = (
            func.jsonb_each(log.c.before)
            .table_valued("key", "value")
            .render_derived()
            .lateral(f"e{self._number}")
        )
        key, value = each.c.key, each.c.value
        # In an object the last of several values of a key stays: here the earliest.
        ordered = aggregate_order_by(value, log.c.seq.desc())
        return (
            select(
                (func.min(log.c.version) - constant(1)).label("version"),
                func.min(log.c.seq).filter(log.c.operation == constant("delete")).label("deleted"),
                func.min(log.c.seq)
                .filter(log.c.operation == constant("restore"))
                .label("restored"),
                func.jsonb_object_agg(key, ordered, type_=JSONB())
                .filter(key.is_not(None))
                .label("before"),
            )
            .select_from(log.outerjoin(each, true()))
            .where(
                self.own.c.updated_at > self._instant,
                *self._of_record(log),
                log.c.at > self._instant,
                ~self._kept_after(log),
            )
            .lateral(f"u{self._number}")
        )

    def _kept_after(self, log: FromClause) -> ColumnElement[bool]:
        """Tell whether a change stands before one that the instant already knew."""
        kept = CHANGE.alias(f"k{self._number}")
        return exists(
            select(constant(1))
            .select_from(kept)
            .where(
                *self._of_record(kept),
                kept.c.seq > log.c.seq,
                kept.c.at <= self._instant,
                kept.c.at > self._instant - literal(LONGEST_WRITE),
            )
            .correlate_except(kept)
        )

    def _of_record(self, log: FromClause) -> list[ColumnElement[bool]]:
        return [log.c.tenant_id == self._tenant, log.c.record_id == self.own.c.id]

    def _before(self) -> ColumnElement[Any]:
        """Give what the changes since the instant undo to, by the keys of today.

        What was changed before its field was converted stood under another key. A value of that
        time is given where it may stand for one of today as it is, and none where it may not.
        """
        found: ColumnElement[Any] = self._since.c.before
        for earlier, key in reversed(self._earlier):
            old = found[constant(earlier.key)]
            kept = old if earlier.is_alike else cast(constant("null"), JSONB)
            told = func.jsonb_build_object(constant(key), kept, type_=JSONB())
            found = case((found.has_key(constant(earlier.key)), found.op("||")(told)), else_=found)
        return found

    def _emptied_keys(self) -> FromClause:
        """Give the keys that had no value."""
        each = func.jsonb_each(self._before()).table_valued("key", "value").render_derived()
        empty = each.alias(f"n{self._number}")
        keys = func.array_agg(empty.c.key, type_=ARRAY(Text)).label("without")
        nothing = cast(constant("null"), JSONB)
        return select(keys).where(empty.c.value == nothing).lateral(f"g{self._number}")

    def _led_back(self, stored: ColumnElement[Any]) -> ColumnElement[Any]:
        """Give the JSON of a row as it was; keys of the other column do no harm in it.

        Without coalesce(), whatever stands in which PostgreSQL takes for a leak: with it no policy
        on rows would let a reference in this JSON be looked up by an index.
        """
        before, without = self._before(), self._emptied.c.without
        whole = case((stored.is_(None), before), else_=stored.op("||")(before))
        return case(
            (before.is_(None), stored),
            (without.is_(None), whole),
            else_=whole.op("-", return_type=JSONB())(without),
        )

    def _live(self) -> ColumnElement[Any]:
        """Give what is not null of a record that was live: PostgreSQL expects that of most."""
        deleted, restored = self._since.c.deleted, self._since.c.restored
        was_live = and_(deleted.is_not(None), func.coalesce(deleted < restored, true()))
        return case(
            (was_live, self._instant),
            (restored.is_not(None), None),
            (self.own.c.deleted_at.is_(None), self._instant),
        )

    def _last(self, name: str, today: ColumnElement[Any]) -> ColumnElement[Any]:
        """Give when, or by whom, the record had been written last."""
        log = CHANGE.alias(f"w{self._number}")
        last = (
            select(log.c[name])
            .where(*self._of_record(log), log.c.at <= self._instant)
            .order_by(log.c.seq.desc())
            .limit(constant(1))
            .correlate_except(log)
            .scalar_subquery()
        )
        return case((self.own.c.updated_at <= self._instant, today), else_=last)
