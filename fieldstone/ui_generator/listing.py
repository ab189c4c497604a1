"""What a list shows, as its address says it: view, filters, order, columns and place.

A view gives all of it; what the address says itself takes the place of that part of the view.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlencode

from starlette.datastructures import ImmutableMultiDict

from fieldstone.errors import FieldstoneError, Problem, Span
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import JsonObject
from fieldstone.query_language.json_form import read_filter
from fieldstone.query_language.render import render_condition, render_query
from fieldstone.query_language.syntax import (
    Condition,
    NullsPlace,
    Order,
    Path,
    Query,
    SelectItem,
    Source,
)
from fieldstone.runtime.list_views import MINE, ListView, SortOf
from fieldstone.ui_generator.columns import columns_at, is_behind, path_of
from fieldstone.ui_generator.filters import MOST_FILTERS, Filter, filters_in, parse_filter
from fieldstone.ui_generator.past import PARAMETER, Past, read_past
from fieldstone.ui_generator.reading import all_of
from fieldstone.ui_generator.widgets.registry import widget_of

MOST_COLUMNS: Final = 30
_USUAL_COLUMNS: Final = 8
_LONGEST_WHERE: Final = 4000


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of the order."""

    field: Field
    descending: bool = False

    @property
    def in_address(self) -> str:
        """The key as it is written in the address: -value for falling."""
        return f"-{self.field.name}" if self.descending else self.field.name


@dataclass(frozen=True, slots=True)
class Own:
    """Which parts of a list its address says, rather than its view."""

    filters: bool = False
    sort: bool = False
    columns: bool = False
    scope: bool = False

    def __bool__(self) -> bool:
        return self.filters or self.sort or self.columns or self.scope


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of one object. problems: what in the address could not be read.

    columns: what is shown, the name first. own: what the address says beside the view. mine:
    whether only records of the viewer's own are shown. past: the instant that it looks back to;
    None for now.
    """

    object: ObjectDef
    columns: tuple[Field, ...]
    filters: tuple[Filter, ...] = ()
    where: str = ""
    sort: tuple[SortKey, ...] = ()
    mine: bool = False
    view: ListView | None = None
    own: Own = Own()
    after: str | None = None
    past: Past | None = None
    problems: tuple[Problem, ...] = ()
    condition: Condition | None = field(default=None, compare=False)

    def address(self, **changes: Any) -> str:
        """Give the address of this list, changed; the place is left out unless it is given."""
        told = self.changed({"after": None, **changes}).told()
        path = f"/admin/{self.object.name}"
        return f"{path}?{urlencode(told)}" if told else path

    def changed(self, changes: Mapping[str, Any]) -> Listing:
        """Give the list with some of it changed, which is then said by its address."""
        own = replace(
            self.own,
            filters=self.own.filters or "filters" in changes or "where" in changes,
            sort=self.own.sort or "sort" in changes,
            columns=self.own.columns or "columns" in changes,
            scope=self.own.scope or "mine" in changes,
        )
        return replace(self, **{"own": own, **changes})

    def told(self, *left_out: str) -> list[tuple[str, str]]:
        """Give the parameters that say this list, but for some; forms send them along."""
        told: list[tuple[str, str]] = []
        if self.view is not None:
            told.append(("view", self.view.name))
        if self.own.filters:
            told += [("f", one.in_address) for one in self.filters]
            is_emptied = self.view is not None and not self.filters
            told += [("where", self.where)] if self.where or is_emptied else []
        if self.own.sort and (self.sort or self.view):
            told.append(("sort", _joined(key.in_address for key in self.sort)))
        if self.own.columns:
            told.append(("columns", _joined(column.name for column in self.columns[1:])))
        if self.own.scope and (self.mine or self.view):
            told.append(("scope", MINE if self.mine else "everything"))
        told += [(PARAMETER, self.past.text)] if self.past else []
        told += [("after", self.after)] if self.after else []
        return [one for one in told if one[0] not in left_out]

    def export_address(self, kind: str, paths: Sequence[Path]) -> str:
        """Give the address of a file of all its pages. kind: csv or xlsx; paths: its columns."""
        query = Query(
            select=tuple(SelectItem(path) for path in paths),
            source=Source(Path((self.object.name,))),
            scope=self.scope,
            where=self.condition,
            order_by=self.order_by,
            as_of=self.past.instant if self.past else None,
        )
        asked = {"format": kind, "headers": "labels", "q": render_query(query)}
        return f"/api/query?{urlencode(asked)}"

    @property
    def usual_address(self) -> str:
        """The address of the same list with the columns of its view, or the usual ones."""
        return self.address(own=replace(self.own, columns=False))

    def without(self, gone: Filter) -> str:
        """Give the address without a filter."""
        return self.address(filters=tuple(one for one in self.filters if one is not gone))

    def sorted_by(self, column: Field) -> str:
        """Give the address sorted by a column; the other way round if it is sorted so already."""
        falling = any(key.field.name == column.name and not key.descending for key in self.sort)
        return self.address(sort=(SortKey(column, falling),))

    def direction_of(self, column: Field) -> str | None:
        """Give how a column is sorted, as aria-sort says it; None if it is not."""
        for key in self.sort[:1]:
            if key.field.name == column.name:
                return "descending" if key.descending else "ascending"
        return None

    @property
    def then(self) -> str:
        """What stands behind the address of a record, so that its page looks back as well."""
        return self.past.in_address if self.past else ""

    @property
    def is_narrowed(self) -> bool:
        """Whether filters leave records out."""
        return bool(self.filters or self.where or self.mine)

    @property
    def is_changed(self) -> bool:
        """Whether something else is shown than its view says."""
        return self.view is not None and bool(self.own)

    @property
    def scope(self) -> str | None:
        """The scope for the planner."""
        return MINE if self.mine else None

    @property
    def beside_where(self) -> list[tuple[str, str]]:
        """The parameters that stand beside another query text; the chips are said in any case."""
        return self.changed({"filters": self.filters}).told("where", "after")

    @property
    def all_address(self) -> str:
        """The address of the same list without anything that narrows it."""
        return self.address(filters=(), where="", mine=False)

    @property
    def said(self) -> JsonObject:
        """What is shown, as a view says it."""
        return {
            "columns": [column.name for column in self.columns],
            "where": render_condition(self.condition) if self.condition else None,
            "scope": MINE if self.mine else "everything",
            "sort": [{"path": key.field.name, "descending": key.descending} for key in self.sort],
        }

    @property
    def said_anew(self) -> JsonObject:
        """What is said beside the view, as a view says it.

        What the view says itself is left out: it may say more than the viewer is shown.
        """
        own = self.own
        changed = {"columns": own.columns, "where": own.filters}
        changed |= {"scope": own.scope, "sort": own.sort}
        return {name: value for name, value in self.said.items() if changed[name]}

    @property
    def order_by(self) -> tuple[Order, ...]:
        """The order for the planner; rows without a value come last."""
        return tuple(
            Order(path_of(key.field), key.descending, NullsPlace.LAST) for key in self.sort
        )


Asked = ImmutableMultiDict[str, Any]
"""What was sent, by an address or a form."""


def read_listing(
    obj: ObjectDef, rights: Rights, asked: Asked, *, catalog: Catalog, view: ListView | None = None
) -> Listing:
    """Read a list from its address; what cannot be read is told as a problem and left out."""
    problems: list[Problem] = []
    own = Own(
        filters="f" in asked or "where" in asked or view is None,
        sort="sort" in asked or view is None,
        columns="columns" in asked,
        scope="scope" in asked or view is None,
    )
    filters: tuple[Filter, ...] = ()
    where, read = "", None
    if own.filters:
        filters = _filters(obj, rights, asked.getlist("f")[:MOST_FILTERS], problems)
        where = str(asked.get("where", "")).strip()[:_LONGEST_WHERE]
        read = _where(where, problems)
    elif view is not None:
        filters, read = filters_in(view.condition, obj, rights)
        where = render_condition(read) if read else ""
    conditions = [*(_condition_of(one, problems) for one in filters), read]
    names: Sequence[str] = view.columns if view else ()
    if own.columns:
        names = str(asked.get("columns", "")).split(",")[:MOST_COLUMNS]
    sort = _sort_said(asked) if own.sort or view is None else view.sort
    return Listing(
        object=obj,
        columns=_columns(obj, rights, catalog, names),
        filters=filters,
        where=where,
        sort=_sort(obj, rights, catalog, sort),
        mine=asked.get("scope") == MINE if own.scope or view is None else view.mine,
        view=view,
        own=own,
        after=str(asked.get("after", "")) or None,
        past=_past(asked, problems),
        problems=tuple(problems),
        condition=all_of(conditions),
    )


def usual_columns(obj: ObjectDef, rights: Rights) -> tuple[Field, ...]:
    """Give the columns of a list that nobody has arranged: the name and the most telling fields."""
    title = obj.title
    parts = set(title.derivation.fields) if title.derivation else set()
    telling = [
        f
        for f in obj.own_fields
        if rights.may_show_field(f.id)
        and f is not title
        and f.name not in parts
        and f.derivation is None
        and not f.external_id
        and widget_of(f).listable
    ]
    ranked = sorted(telling, key=lambda f: (f.slot is None, not f.required))
    chosen = set(ranked[: _USUAL_COLUMNS - 1])
    columns = [title, *(f for f in telling if f in chosen)]
    if len(columns) < _USUAL_COLUMNS - 1:
        columns += [
            f for f in (obj.by_name["created_at"], obj.by_name["owner"]) if f not in columns
        ]
    return tuple(columns)


def with_unseen(
    catalog: Catalog, rights: Rights, view: ListView, chosen: Sequence[str]
) -> Iterator[str]:
    """Yield columns that a viewer has chosen for a view of all, and those that others alone see.

    Each of those stays behind the column that it stood behind.
    """
    behind: dict[str | None, list[str]] = {}
    before: str | None = None
    for name in view.columns:
        shown = columns_at(catalog, view.object, rights, (name,))
        if not shown:
            behind.setdefault(before, []).append(name)
        elif shown[0].name in chosen:
            before = shown[0].name
    for number, name in enumerate(chosen):
        yield name
        yield from behind.get(name, ())
        if number == 0:
            yield from behind.get(None, ())


def choosable_columns(
    obj: ObjectDef, rights: Rights, shown: Sequence[Field] = ()
) -> tuple[Field, ...]:
    """Give what may be columns beside the name: the fields, those of every record last.

    What is shown of parents comes first.
    """
    seen = [f for f in obj.fields if rights.may_show_field(f.id) and f is not obj.title]
    behind = [f for f in shown if is_behind(f)]
    return (*behind, *sorted(seen, key=lambda f: f.is_system))


def sortable(column: Field) -> bool:
    """Tell whether a list can be sorted by a field."""
    return column.type.slot is not None and column.name != "id" and not column.references


def _columns(
    obj: ObjectDef, rights: Rights, catalog: Catalog, own: Sequence[str]
) -> tuple[Field, ...]:
    if not own:
        return usual_columns(obj, rights)
    chosen = columns_at(catalog, obj, rights, own)
    return (obj.title, *(one for one in chosen if one is not obj.title))


def _sort_said(asked: Asked) -> list[SortOf]:
    written = filter(None, str(asked.get("sort", "")).split(","))
    return [SortOf(one.removeprefix("-"), one.startswith("-")) for one in written]


def _sort(
    obj: ObjectDef, rights: Rights, catalog: Catalog, said: Sequence[SortOf]
) -> tuple[SortKey, ...]:
    keys = [
        SortKey(column, one.descending)
        for one in said
        for column in columns_at(catalog, obj, rights, (one.path,))
        if rights.may_read_field(column.id) and sortable(column)
    ]
    return tuple(keys[:3])


def _filters(
    obj: ObjectDef, rights: Rights, written: Sequence[Any], problems: list[Problem]
) -> tuple[Filter, ...]:
    found: list[Filter] = []
    for one in written:
        try:
            found.append(parse_filter(obj, rights, str(one)))
        except FieldstoneError as error:
            problems.extend(error.problems)
    return tuple(found)


def _condition_of(one: Filter, problems: list[Problem]) -> Condition | None:
    try:
        return one.condition()
    except FieldstoneError as error:
        problems.extend(error.problems)
        return None


def _past(asked: Asked, problems: list[Problem]) -> Past | None:
    try:
        return read_past(asked)
    except FieldstoneError as error:
        problems.extend(error.problems)
        return None


def _where(text: str, problems: list[Problem]) -> Condition | None:
    if not text:
        return None
    try:
        return read_filter(text)
    except FieldstoneError as error:
        problems.extend(error.problems)
        return None


def place_in_words(problem: Problem) -> str:
    """Tell where in a query text a problem is; "" if it has no such place."""
    at = problem.at
    return f"At character {at.column}." if isinstance(at, Span) and at.column else ""


def _joined(parts: Sequence[str] | Any) -> str:
    return ",".join(parts)
