"""Plans to SQLAlchemy statements. A plan always compiles.

Entry points: `compile_page(plan, catalog, wanted)` gives rows or groups, each with its JSON text in
the column row, for rows also the sort keys k0, k1 … and id; `compile_all(plan, catalog, cut=…)`
gives all of them in one statement; `compile_count(plan, catalog, cut=…)` counts them. Besides the
plan's own parameters the statements take offset where rows are skipped, cap for a count or a cut,
and c0, c1 … and cid for the place of a cursor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    true,
    tuple_,
    union_all,
)

from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.record_access import Breadth
from fieldstone.query_language.columns import type_of
from fieldstone.query_language.estimates import (
    criterion_in_order,
    finds_by_owner,
    finds_ids_first,
    needs_values,
    owners_in_order,
    reads_by_index,
    values_known,
)
from fieldstone.query_language.groups import compile_groups
from fieldstone.query_language.guarded_sql import Ways, known_ways, ways_in
from fieldstone.query_language.joined_sources import refs_of_rows
from fieldstone.query_language.operands import uses_slot
from fieldstone.query_language.plan import FieldRef, Guard, Plan, Rows, SortKey
from fieldstone.query_language.row_json import row_json
from fieldstone.query_language.statement_parts import (
    GuardedTables,
    RowConditions,
    Tables,
    ordered_by,
)

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
        self._catalog = catalog
        self._numbers = count()
        self._apart = wanted is not None and finds_ids_first(plan)
        self._by_owner = self._apart and finds_by_owner(plan)
        guard = plan.rows.sources[0].guard
        self._known = None
        if self._by_owner and guard is not None:
            self._known = known_ways(guard, plan.rows.tenant_id)
        refs = refs_of_rows(() if self._apart else plan.members, plan.order_by)
        rows = _unguarded(plan.rows) if self._by_owner else plan.rows
        tables = Tables.of(rows, refs, catalog.by_id, self._numbers)
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
        found = self._found()
        return self._shown(found) if self._apart else found

    def _found(self) -> Select[Any]:
        after = self._wanted.after
        parts = self._parts(after) if self._splits() else [self._select(self._keys, after)]
        if len(parts) == 1:
            return _cut(parts[0], self._wanted)
        listed = [part.limit(self._most()).subquery(f"part{n}") for n, part in enumerate(parts)]
        joined = union_all(*(select(*part.c) for part in listed)).subquery("page")
        return _cut(select(*joined.c), self._wanted)

    def _shown(self, found: Select[Any]) -> Select[Any]:
        """Give the rows of a page whose ids were found, each read once."""
        page, rows = found.subquery("found"), replace(_unguarded(self._plan.rows), where=None)
        refs = refs_of_rows(self._plan.members, ())
        tables = Tables.of(rows, refs, self._catalog.by_id, self._numbers)
        keys = [page.c[f"k{n}"] for n in range(len(self._keys))]
        order = [ordered_by(key, by) for key, by in zip(keys, self._plan.order_by, strict=True)]
        mine = and_(*tables.own_rows(0), tables.aliases[0].c.id == page.c.id)
        return (
            select(row_json(tables, self._plan.members).label("row"), *page.c)
            .select_from(page.join(tables.joined(), mine))
            .order_by(*order, self._by_id(page.c.id))
        )

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
        nulls = self._select(rest, null_after, skip=1, only=first.is_(None))
        values = self._select([valued, *rest], value_after, only=first.is_not(None))
        first_part, last_part = (nulls, values) if key.nulls_first else (values, nulls)
        in_last = after is not None and after[0] is not key.nulls_first
        return [last_part] if in_last else [first_part, last_part]

    def _select(
        self,
        keys: Sequence[tuple[ColumnElement[Any], SortKey]],
        after: Nulls | None,
        skip: int = 0,
        only: ColumnElement[bool] | None = None,
    ) -> Select[Any]:
        """Select rows in the order of keys. skip: how many of the cursor's keys stand before."""
        tests = []
        if needs_values(self._plan, self._tables.joins):
            tests.append(values_known(self._id))
        if after is not None:
            tests.append(self._behind(keys, after, skip, descends=self._descends))
        if only is not None:
            tests.append(only)
        if self._by_owner:
            return self._of_ways(keys, tests, skip)
        guard = self._plan.rows.sources[0].guard
        few = guard is not None and guard.breadth in (Breadth.FEW, Breadth.SPARSE)
        return self._sorted(keys, tests, fetches=few)

    def _sorted(
        self,
        keys: Sequence[tuple[ColumnElement[Any], SortKey]],
        tests: Sequence[ColumnElement[bool]],
        *,
        fetches: bool,
    ) -> Select[Any]:
        """Select rows that meet tests. fetches: none are read in that order for being in it."""
        by = _as_is if not fetches else _by_no_index
        order = [ordered_by(by(expression), key) for expression, key in keys]
        shown = [expression.label(f"k{n}") for n, (expression, _) in enumerate(self._keys)]
        return (
            select(*self._row(), *shown, self._id.label("id"))
            .select_from(self._tables.joined())
            .where(*self._tables.filtered(), *tests)
            .order_by(*order, self._by_id(by(self._id)))
        )

    def _of_ways(
        self,
        keys: Sequence[tuple[ColumnElement[Any], SortKey]],
        tests: Sequence[ColumnElement[bool]],
        skip: int,
    ) -> Select[Any]:
        """Select what is open by each way by itself: as much as a page takes, each row once."""
        table, guard = self._tables.aliases[0], self._plan.rows.sources[0].guard
        assert guard is not None
        assert self._known is not None
        ways = ways_in(guard, self._known, table, GuardedTables(self._tables))
        theirs = [*tests, table.c.owner_id == ways.people.c.user_id]
        each = self._sorted(keys, theirs, fetches=not owners_in_order(self._plan))
        one = each.limit(self._most()).lateral("of_owner")
        parts = [select(*one.c).select_from(ways.people.join(one, true()))]
        others, before = [(ways.shared, True)], [*tests, ways.owned.is_not(true())]
        others += [(one, False) for one in self._by_rules(guard, ways)]
        for n, (opens, fetches) in enumerate(others):
            few = self._sorted(keys, [opens, *before], fetches=fetches).limit(self._most())
            parts.append(select(*few.subquery(f"way{n}").c))
            before.append(opens.is_not(true()))
        found = union_all(*parts).subquery("open")
        order = [ordered_by(found.c[f"k{n}"], key) for n, (_, key) in enumerate(keys, skip)]
        return select(*found.c).order_by(*order, self._by_id(found.c.id))

    def _by_rules(self, guard: Guard, ways: Ways) -> Iterator[ColumnElement[bool]]:
        """Yield what rules open: each by itself that an index has in order, the rest at once."""
        rest = []
        for rows, meets in zip(guard.criteria, ways.criteria, strict=True):
            if criterion_in_order(self._plan, rows):
                yield meets
            else:
                rest.append(meets)
        if rest:
            yield or_(*rest)

    def _most(self) -> ColumnElement[int]:
        """Give how many rows a part of a page may have to give: it, and what is skipped before."""
        most: ColumnElement[int] = constant(self._wanted.most)
        return most + _skipped() if self._wanted.skips else most

    def _row(self) -> Iterator[ColumnElement[Any]]:
        if not self._apart:
            yield row_json(self._tables, self._plan.members).label("row")

    @property
    def _descends(self) -> bool:
        return bool(self._plan.order_by) and self._plan.order_by[-1].descending

    def _by_id(self, own: ColumnElement[Any]) -> ColumnElement[Any]:
        return own.desc() if self._descends else own.asc()

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


def _unguarded(rows: Rows) -> Rows:
    """Give rows that are known to be open, or are asked about apart."""
    return replace(rows, sources=(replace(rows.sources[0], guard=None), *rows.sources[1:]))


def _as_is(expression: ColumnElement[Any]) -> ColumnElement[Any]:
    return expression


def _by_no_index(expression: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give what sorts alike, and is the order of no index: of few, none else would be read."""
    return func.coalesce(expression, expression, type_=expression.type)


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
