"""What a list shows, as its address says it: filters, order, columns and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from fieldstone.errors import FieldstoneError, Problem, Span
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.rights import Rights
from fieldstone.query_language.json_form import read_filter
from fieldstone.query_language.render import render_query
from fieldstone.query_language.syntax import (
    Condition,
    NullsPlace,
    Order,
    Path,
    Query,
    SelectItem,
    Source,
)
from fieldstone.ui_generator.filters import MOST_FILTERS, Filter, parse_filter
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
class Listing:
    """A list of one object. problems: what in the address could not be read.

    columns: what is shown, the name first. own_columns: whether the address says them. past: the
    instant that it looks back to; None for now.
    """

    object: ObjectDef
    columns: tuple[Field, ...]
    filters: tuple[Filter, ...] = ()
    where: str = ""
    sort: tuple[SortKey, ...] = ()
    after: str | None = None
    own_columns: bool = False
    past: Past | None = None
    problems: tuple[Problem, ...] = ()
    condition: Condition | None = field(default=None, compare=False)

    def address(self, **changes: Any) -> str:
        """Give the address of this list, changed; the place is left out unless it is given."""
        changed = replace(self, **{"after": None, **changes})
        told: list[tuple[str, str]] = [("f", one.in_address) for one in changed.filters]
        told += [("where", changed.where)] if changed.where else []
        told += [("sort", _joined(key.in_address for key in changed.sort))] if changed.sort else []
        if changed.own_columns:
            told.append(("columns", _joined(column.name for column in changed.columns[1:])))
        told += [(PARAMETER, changed.past.text)] if changed.past else []
        told += [("after", changed.after)] if changed.after else []
        path = f"/admin/{self.object.name}"
        return f"{path}?{urlencode(told)}" if told else path

    def export_address(self, kind: str, paths: Sequence[Path]) -> str:
        """Give the address of a file of all its pages. kind: csv or xlsx; paths: its columns."""
        query = Query(
            select=tuple(SelectItem(path) for path in paths),
            source=Source(Path((self.object.name,))),
            where=self.condition,
            order_by=self.order_by,
            as_of=self.past.instant if self.past else None,
        )
        asked = {"format": kind, "headers": "labels", "q": render_query(query)}
        return f"/api/query?{urlencode(asked)}"

    def without(self, gone: Filter) -> str:
        """Give the address without a filter."""
        return self.address(filters=tuple(one for one in self.filters if one is not gone))

    def sorted_by(self, column: Field) -> str:
        """Give the address sorted by a column; the other way round if it is sorted so already."""
        falling = any(key.field is column and not key.descending for key in self.sort)
        return self.address(sort=(SortKey(column, falling),))

    def direction_of(self, column: Field) -> str | None:
        """Give how a column is sorted, as aria-sort says it; None if it is not."""
        for key in self.sort[:1]:
            if key.field is column:
                return "descending" if key.descending else "ascending"
        return None

    @property
    def then(self) -> str:
        """What stands behind the address of a record, so that its page looks back as well."""
        return self.past.in_address if self.past else ""

    @property
    def is_narrowed(self) -> bool:
        """Whether filters leave records out."""
        return bool(self.filters or self.where)

    @property
    def order_by(self) -> tuple[Order, ...]:
        """The order for the planner; rows without a value come last."""
        return tuple(
            Order(Path((key.field.name,)), key.descending, NullsPlace.LAST) for key in self.sort
        )


def read_listing(obj: ObjectDef, rights: Rights, asked: QueryParams) -> Listing:
    """Read a list from its address; what cannot be read is told as a problem and left out."""
    problems: list[Problem] = []
    filters: list[Filter] = []
    for written in asked.getlist("f")[:MOST_FILTERS]:
        try:
            filters.append(parse_filter(obj, rights, written))
        except FieldstoneError as error:
            problems.extend(error.problems)
    where = asked.get("where", "").strip()[:_LONGEST_WHERE]
    conditions = [*(_condition_of(one, problems) for one in filters), _where(where, problems)]
    own = asked.get("columns")
    past = _past(asked, problems)
    return Listing(
        object=obj,
        columns=_columns(obj, rights, own),
        filters=tuple(filters),
        where=where,
        sort=_sort(obj, rights, asked.get("sort", "")),
        after=asked.get("after") or None,
        own_columns=own is not None,
        past=past,
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


def choosable_columns(obj: ObjectDef, rights: Rights) -> tuple[Field, ...]:
    """Give the fields that may be columns beside the name, those of every record last."""
    seen = [f for f in obj.fields if rights.may_show_field(f.id) and f is not obj.title]
    return tuple(sorted(seen, key=lambda f: f.is_system))


def sortable(column: Field) -> bool:
    """Tell whether a list can be sorted by a field."""
    return column.type.slot is not None and column.name != "id" and not column.references


def _columns(obj: ObjectDef, rights: Rights, own: str | None) -> tuple[Field, ...]:
    if own is None:
        return usual_columns(obj, rights)
    found = (obj.find_field(name) for name in own.split(",")[:MOST_COLUMNS])
    chosen = [f for f in found if f is not None and rights.may_show_field(f.id)]
    return tuple(dict.fromkeys((obj.title, *chosen)))


def _sort(obj: ObjectDef, rights: Rights, written: str) -> tuple[SortKey, ...]:
    keys: list[SortKey] = []
    for name in filter(None, written.split(",")):
        found = obj.find_field(name.removeprefix("-"))
        if found is not None and rights.may_read_field(found.id) and sortable(found):
            keys.append(SortKey(found, name.startswith("-")))
    return tuple(keys[:3])


def _condition_of(one: Filter, problems: list[Problem]) -> Condition | None:
    try:
        return one.condition()
    except FieldstoneError as error:
        problems.extend(error.problems)
        return None


def _past(asked: QueryParams, problems: list[Problem]) -> Past | None:
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
