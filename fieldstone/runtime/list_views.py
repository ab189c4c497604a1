"""Views of lists: those that are declared for everybody or some, and those people keep themselves.

A view is offered to a viewer who may read all that its condition names; what else of it they may
not see is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from fieldstone.errors import FieldstoneError, NotFound
from fieldstone.ids import format_id
from fieldstone.metadata.catalog import Declared, ObjectDef
from fieldstone.metadata.kinds.list_view import ListViewBody
from fieldstone.metadata.kinds.registry import LIST_VIEW
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.values import Json, JsonObject, fold
from fieldstone.query_language.json_form import filter_from_json, read_filter
from fieldstone.query_language.lifting import lift
from fieldstone.query_language.parse import parse_path
from fieldstone.query_language.render import render_condition, render_query
from fieldstone.query_language.resolve import resolve
from fieldstone.query_language.syntax import (
    Condition,
    NullsPlace,
    Order,
    Path,
    Query,
    SelectItem,
    Source,
)
from fieldstone.runtime.audience import is_offered
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.personal_views import PersonalView, personal_views
from fieldstone.runtime.transactions import Transaction

MINE: Final = "mine"
PREFIX: Final = "view"
"""What the names of people's own views begin with, which are their ids."""

_ID: Final = (SelectItem(Path(("id",))),)
_OFFERED: Final[PerCatalog[bool]] = PerCatalog(5_000)


class UnknownView(NotFound):
    """No view of this name, or none that is offered to the viewer."""

    code = "view.unknown"


@dataclass(frozen=True, slots=True)
class SortOf:
    """One key of the order of a view."""

    path: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ListView:
    """A view of one object's records.

    name: without that of its object, or the id of one that somebody keeps for themselves.
    condition: None where it narrows nothing. columns, sort: as they were declared.
    """

    object: ObjectDef
    name: str
    label: str
    columns: tuple[str, ...] = ()
    condition: Condition | None = None
    mine: bool = False
    sort: tuple[SortOf, ...] = ()
    personal: bool = False
    permission_sets: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    description: str = ""

    def query(self, tx: Transaction, *, only_ids: bool = False) -> Query:
        """Give the query of the records that it shows, with the columns that the viewer may see."""
        paths = () if only_ids else self.readable(tx, self.columns)
        kept = {*self.readable(tx, tuple(one.path for one in self.sort))}
        order = tuple(
            Order(parse_path(one.path), one.descending, NullsPlace.LAST)
            for one in self.sort
            if one.path in kept
        )
        return Query(
            select=(*_ID, *(SelectItem(parse_path(one)) for one in paths if fold(one) != "id")),
            source=Source(Path((self.object.name,))),
            scope=MINE if self.mine else None,
            where=self.condition,
            order_by=order,
        )

    def readable(self, tx: Transaction, paths: tuple[str, ...]) -> tuple[str, ...]:
        """Give those of some paths that the viewer may read."""
        return tuple(one for one in paths if _is_readable(tx, self.object, one))


async def views_of(tx: Transaction, obj: ObjectDef) -> list[ListView]:
    """Give the views of an object that are offered to the viewer, their own ones last."""
    own = (_of_person(obj, one) for one in await personal_views(tx, obj))
    every = [*_shared(tx, obj), *(one for one in own if one is not None)]
    return [one for one in every if _may_ask(tx, one)]


async def get_view(tx: Transaction, obj: ObjectDef, name: str) -> ListView:
    """Give a view by its name or id. Raises UnknownView."""
    return _named(obj, await views_of(tx, obj), name)


def chosen_view(obj: ObjectDef, views: Iterable[ListView], name: str) -> ListView | None:
    """Give the view of a name among some; None for no name. Raises UnknownView."""
    return _named(obj, views, name) if name else None


def _named(obj: ObjectDef, views: Iterable[ListView], name: str) -> ListView:
    own = fold(name.removeprefix(f"{obj.name}."))
    found = next((one for one in views if fold(one.name) == own), None)
    if found is None:
        known = suggestion(name, (one.name for one in views))
        hint = known or "It was deleted, or is not for you."
        raise UnknownView(f"{obj.plural_label} have no view {name[:80]}.", hint=hint)
    return found


def show_view(tx: Transaction, view: ListView, *, sets_up: bool) -> dict[str, Json]:
    """Give a view as callers see it. sets_up: whether it is told whom it is offered to."""
    sort = view.readable(tx, tuple(one.path for one in view.sort))
    shown: dict[str, Json] = {
        "name": view.name,
        "label": view.label,
        "object": view.object.name,
        "personal": view.personal,
        "columns": list(view.readable(tx, view.columns)),
        "where": None if view.condition is None else render_condition(view.condition),
        "scope": MINE if view.mine else "everything",
        "sort": [
            {"path": one.path, "descending": one.descending}
            for one in view.sort
            if one.path in sort
        ],
        "description": view.description,
        "query": render_query(view.query(tx)),
    }
    if sets_up:
        shown |= {"permission_sets": list(view.permission_sets), "roles": list(view.roles)}
    return shown


def read_view(obj: ObjectDef, name: str, body: JsonObject, *, personal: bool) -> ListView:
    """Give the view that a body means. Raises what reading its condition does."""
    read = msgspec.convert(dict(body), ListViewBody)
    return _view(obj, name, read, personal=personal)


def check_view(tx: Transaction, view: ListView) -> None:
    """Refuse a view that names what the viewer may not read. Raises InvalidInput."""
    paths = (*view.columns, *(one.path for one in view.sort))
    named = tuple(SelectItem(parse_path(one)) for one in paths)
    query = replace(view.query(tx), select=(*_ID, *named))
    resolve(lift(query), tx.catalog, tx.rights)


def _shared(tx: Transaction, obj: ObjectDef) -> Iterator[ListView]:
    for one in tx.catalog.declared_for(LIST_VIEW.name, obj):
        body: ListViewBody = one.body
        if is_offered(tx, body.permission_sets, body.roles):
            view = _of_component(obj, one)
            if view is not None:
                yield view


def _of_component(obj: ObjectDef, one: Declared) -> ListView | None:
    try:
        return _view(obj, one.name, one.body, personal=False)
    except FieldstoneError:
        return None  # its condition cannot be read any more, so that nobody can look at it


def _of_person(obj: ObjectDef, one: PersonalView) -> ListView | None:
    said = {**one.body, "object": obj.name, "label": one.label}
    try:
        return read_view(obj, format_id(PREFIX, one.id), said, personal=True)
    except (FieldstoneError, msgspec.ValidationError):
        return None


def _view(obj: ObjectDef, name: str, body: ListViewBody, *, personal: bool) -> ListView:
    return ListView(
        object=obj,
        name=name,
        label=body.label,
        columns=body.columns,
        condition=_condition(body.where),
        mine=body.scope == MINE,
        sort=tuple(SortOf(one.path, one.descending) for one in body.sort),
        personal=personal,
        permission_sets=body.permission_sets,
        roles=body.roles,
        description=body.description,
    )


def _condition(where: str | Mapping[str, Any] | None) -> Condition | None:
    if where is None:
        return None
    return read_filter(where) if isinstance(where, str) else filter_from_json(dict(where), "/where")


def _may_ask(tx: Transaction, view: ListView) -> bool:
    """Tell whether the viewer may read all that decides which records a view shows."""
    query = Query(_ID, Source(Path((view.object.name,))), where=view.condition)
    return _resolves(tx, query)


def _is_readable(tx: Transaction, obj: ObjectDef, path: str) -> bool:
    query = Query((SelectItem(parse_path(path)),), Source(Path((obj.name,))))
    return _resolves(tx, query)


def _resolves(tx: Transaction, query: Query) -> bool:
    """Tell whether a query means something to the viewer; kept with the catalog."""

    def work() -> bool:
        try:
            resolve(lift(query), tx.catalog, tx.rights)
        except FieldstoneError:
            return False
        return True

    return _OFFERED.get(tx.catalog, (tx.rights.digest, query), work)
