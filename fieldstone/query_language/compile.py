"""Plans to SQLAlchemy statements. A plan always compiles.

Entry points: `compile_page(plan, catalog, wanted)` gives rows or groups, each with its JSON text in
the column row, for rows also the sort keys k0, k1 … and id; `compile_all(plan, catalog, cut=…)`
gives all of them in one statement; `compile_count(plan, catalog, cut=…)` counts them. Besides the
plan's own parameters the statements take offset where rows are skipped, cap for a count or a cut,
and c0, c1 … and cid for the place of a cursor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    false,
    func,
    or_,
    select,
    tuple_,
    union_all,
)

from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.record_access import Breadth
from fieldstone.query_language.columns import type_of
from fieldstone.query_language.estimates import needs_values, reads_by_index, values_known
from fieldstone.query_language.groups import compile_groups
from fieldstone.query_language.joined_sources import refs_of_rows
from fieldstone.query_language.operands import uses_slot
from fieldstone.query_language.plan import FieldRef, Plan, SortKey
from fieldstone.query_language.row_json import row_json
from fieldstone.query_language.statement_parts import RowConditions, Tables, ordered_by

Nulls = tuple[bool, ...]
OFFSET: Final = "offset"
CAP: Final = "cap"
CURSOR_ID: Final = "cid"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows a statement gives.

    most: how many, a literal, since PostgreSQL plans for a tenth of all rows where it does not
    know. skips: whether it takes an offset. after: for the page behind a cursor, which of the
    cursor's sort keys are null; None for the first page.
    """

    most: int
    skips: bool = False
    after: Nulls | None = None


def cursor_parameter(place: int) -> str:
    """Give the name of the parameter that takes a sort key of a cursor."""
    return f"c{place}"


def compile_page(plan: Plan, catalog: Catalog, wanted: Wanted) -> Select[Any]:
    """Give the statement of one page."""
    assert not plan.counts_rows
    if plan.grouped:
        return _cut(compile_groups(plan, catalog.by_id), wanted)
    return _Pages(plan, catalog, wanted).page()


def compile_all(plan: Plan, catalog: Catalog, *, cut: bool) -> Select[Any]:
    """Give the statement of all rows or groups, in their order.

    cut: those behind the parameter offset and up to the parameter cap; otherwise all.
    """
    assert not plan.counts_rows
    if plan.grouped:
        found = compile_groups(plan, catalog.by_id)
    else:
        found = _Pages(plan, catalog, None).whole()
    return found.limit(_cap()).offset(_skipped()) if cut else found


def compile_count(plan: Plan, catalog: Catalog, *, cut: bool) -> Select[Any]:
    """Give the statement that counts rows or groups.

    cut: count behind the parameter offset and up to the parameter cap; otherwise all.
    """
    if plan.grouped:
        counted = compile_groups(plan, catalog.by_id).order_by(None)
    else:
        tables = Tables.of(plan.rows, (), catalog.by_id, count()).summing(())
        counted = select(func.count().label("total")).select_from(tables.joined())
        counted = counted.where(*tables.filtered())
        if not cut:
            return counted
        counted = counted.with_only_columns(constant(1).label("one"))
    if cut:
        counted = counted.limit(_cap()).offset(_skipped())
    return select(func.count().label("total")).select_from(counted.subquery("counted"))


def _cut(statement: Select[Any], wanted: Wanted) -> Select[Any]:
    cut = statement.limit(constant(wanted.most))
    return cut.offset(_skipped()) if wanted.skips else cut


def _cap() -> BindParameter[int]:
    return bindparam(CAP, type_=BigInteger(), required=False)


def _skipped() -> BindParameter[int]:
    return bindparam(OFFSET, type_=Integer(), required=False)


class _Pages:
    """Makes the statements of one plan's pages, or that of all rows where no page is wanted."""

    def __init__(self, plan: Plan, catalog: Catalog, wanted: Wanted | None) -> None:
        self._plan = plan
        self._wanted = wanted or Wanted(0)
        refs = refs_of_rows(plan.members, plan.order_by)
        tables = Tables.of(plan.rows, refs, catalog.by_id, count())
        if wanted is None:
            # For all rows at once, a join of whole tables beats a look-up of each parent.
            tables = replace(tables, joins=frozenset(range(len(plan.rows.sources))))
        else:
            tables = replace(tables, ends_early=reads_by_index(plan))
        self._tables = tables.summing(key.left for key in plan.order_by)
        self._operands = RowConditions(self._tables)
        self._id = self._tables.aliases[0].c.id
        self._keys = [(self._operands.sorted_by(key.left), key) for key in plan.order_by]

    def page(self) -> Select[Any]:
        """Give the statement of the page."""
        after = self._wanted.after
        parts = self._parts(after) if self._splits() else [self._select(self._keys, after)]
        if len(parts) == 1:
            return _cut(parts[0], self._wanted)
        # Each part may have to give the whole page, and what is skipped before it.
        most: ColumnElement[int] = constant(self._wanted.most)
        if self._wanted.skips:
            most += _skipped()
        listed = [part.limit(most).subquery(f"part{n}") for n, part in enumerate(parts)]
        joined = union_all(*(select(*part.c) for part in listed)).subquery("page")
        return _cut(select(*joined.c), self._wanted)

    def whole(self) -> Select[Any]:
        """Give the statement of all rows, without the keys that a cursor would need."""
        found = self._select(self._keys, None)
        return found.with_only_columns(found.selected_columns.row, maintain_column_froms=True)

    def _splits(self) -> bool:
        """Tell whether rows with and without the first sort key are better read apart.

        The index of a slot holds the rows with a value alone, and an order with nulls in it is
        no index's. PostgreSQL reads the second part only if the first does not fill the page.
        """
        if not self._plan.order_by:
            return False
        key = self._plan.order_by[0]
        left = key.left
        return (
            self._plan.rows.as_of is None
            and key.nullable
            and isinstance(left, FieldRef)
            and left.source == 0
            and (left.field.slot is not None or left.field.column is not None)
            and uses_slot(left)
        )

    def _parts(self, after: Nulls | None) -> list[Select[Any]]:
        (first, key), *rest = self._keys
        valued = (first, _not_null(key))
        null_after = after if after is not None and after[0] else None
        value_after = after if after is not None and not after[0] else None
        nulls = self._select(rest, null_after, skip=1).where(first.is_(None))
        values = self._select([valued, *rest], value_after).where(first.is_not(None))
        first_part, last_part = (nulls, values) if key.nulls_first else (values, nulls)
        in_last = after is not None and after[0] is not key.nulls_first
        return [last_part] if in_last else [first_part, last_part]

    def _select(
        self,
        keys: Sequence[tuple[ColumnElement[Any], SortKey]],
        after: Nulls | None,
        skip: int = 0,
    ) -> Select[Any]:
        """Select rows in the order of keys. skip: how many of the cursor's keys stand before."""
        descends = bool(self._plan.order_by) and self._plan.order_by[-1].descending
        order = [ordered_by(self._sorted(expression), key) for expression, key in keys]
        shown = [expression.label(f"k{n}") for n, (expression, _) in enumerate(self._keys)]
        own = self._sorted(self._id)
        found = (
            select(row_json(self._tables, self._plan.members).label("row"))
            .add_columns(*shown, self._id.label("id"))
            .select_from(self._tables.joined())
            .where(*self._tables.filtered())
            .order_by(*order, own.desc() if descends else own.asc())
        )
        if needs_values(self._plan, self._tables.joins):
            found = found.where(values_known(self._id))
        if after is None:
            return found
        return found.where(self._behind(keys, after, skip, descends=descends))

    def _sorted(self, expression: ColumnElement[Any]) -> ColumnElement[Any]:
        """Give what rows are sorted by: of few, nothing in whose order others would be read."""
        guard = self._plan.rows.sources[0].guard
        if guard is None or guard.breadth is not Breadth.FEW:
            return expression
        return func.coalesce(expression, expression, type_=expression.type)

    def _behind(
        self,
        keys: Sequence[tuple[ColumnElement[Any], SortKey]],
        after: Nulls,
        skip: int,
        *,
        descends: bool,
    ) -> ColumnElement[bool]:
        """Give the condition that a row stands behind the cursor."""
        cursor_id = bindparam(CURSOR_ID, type_=BigInteger(), required=False)
        values = [_cursor_value(key, n) for n, (_, key) in enumerate(keys, skip)]
        if all(not key.nullable and key.descending == descends for _, key in keys):
            # One comparison of rows, which an index on (key, id) answers by itself.
            own = tuple_(*(expression for expression, _ in keys), self._id)
            place = tuple_(*values, cursor_id)
            return own < place if descends else own > place
        behind = self._id < cursor_id if descends else self._id > cursor_id
        nulls = after[skip:]
        for (expression, key), value, is_null in reversed(
            list(zip(keys, values, nulls, strict=True))
        ):
            same = expression.is_(None) if is_null else expression == value
            behind = or_(
                _strictly_behind(expression, key, value, is_null=is_null), and_(same, behind)
            )
        return and_(*_bounds(keys[:1], values), behind)


def _bounds(
    first: Sequence[tuple[ColumnElement[Any], SortKey]], values: Sequence[ColumnElement[Any]]
) -> list[ColumnElement[bool]]:
    """Say of the first sort key what follows from the rest, in a form that an index takes."""
    return [
        expression <= value if key.descending else expression >= value
        for (expression, key), value in zip(first, values, strict=False)
        if not key.nullable
    ]


def _not_null(key: SortKey) -> SortKey:
    return SortKey(key.left, key.descending, key.nulls_first, nullable=False)


def _cursor_value(key: SortKey, place: int) -> BindParameter[Any]:
    assert isinstance(key.left, FieldRef)
    return bindparam(cursor_parameter(place), type_=type_of(key.left), required=False)


def _strictly_behind(
    expression: ColumnElement[Any], key: SortKey, value: ColumnElement[Any], *, is_null: bool
) -> ColumnElement[bool]:
    if is_null:
        return expression.is_not(None) if key.nulls_first else false()
    found = expression < value if key.descending else expression > value
    return or_(found, expression.is_(None)) if key.nullable and not key.nulls_first else found
