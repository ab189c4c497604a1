"""/admin/{Object}: the records of an object, filtered, sorted, page after page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Problem
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.rights import Action, SetupArea
from fieldstone.metadata.values import fold
from fieldstone.metadata.visible import visible_field
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.list_views import chosen_view, views_of
from fieldstone.runtime.transactions import Transaction
from fieldstone.runtime.web_links import list_links_of
from fieldstone.ui_generator.columns import is_behind, shown_at
from fieldstone.ui_generator.filters import Filter, filterable_fields, words_of
from fieldstone.ui_generator.held_records import may_write
from fieldstone.ui_generator.listing import (
    Listing,
    choosable_columns,
    place_in_words,
    read_listing,
    sortable,
)
from fieldstone.ui_generator.moments import day_in_words
from fieldstone.ui_generator.previewing import Choice
from fieldstone.ui_generator.reading import (
    Rows,
    Wanted,
    fetch_names,
    fetch_rows,
    path_shown,
    title_of,
    visible_object,
)
from fieldstone.ui_generator.shell import Place, is_partial, page, part
from fieldstone.ui_generator.viewing import Viewing, viewing_of
from fieldstone.ui_generator.widgets.record import is_id
from fieldstone.ui_generator.widgets.registry import widget_of
from fieldstone.ui_generator.widgets.widget import WHOLE

PAGE_SIZE: Final = 60


async def show_list(request: Request) -> Response:
    """GET /admin/{object}: a page of records; with f=, where=, sort=, columns=, after=."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = visible_object(tx, request.path_params["object"])
        asked = request.query_params
        views = [] if is_partial(request) and "view" not in asked else await views_of(tx, obj)
        view = chosen_view(obj, views, asked.get("view", ""))
        listing = read_listing(obj, tx.rights, asked, catalog=tx.catalog, view=view)
        if "add" in request.query_params:
            return _with_added(request, tx, listing)
        rows, problems = await _rows(tx, listing)
        values: dict[str, Any] = {
            "listing": listing,
            "object": obj,
            "rows": rows,
            "problems": problems,
            "view": viewing_of(tx, listing.then),
            "title_of": title_of,
        }
        if is_partial(request):
            return part(request, "parts/rows.html", **values)
        return page(
            request,
            tx,
            Place(obj.plural_label, obj.name, create=obj.name),
            "list.html",
            422 if problems else 200,
            **values,
            names=await _filter_names(tx, listing),
            exports=_exports(tx, listing),
            views=views,
            links=await list_links_of(tx, obj),
            parties=list(_parties(tx)),
            told=filter_in_words,
            words_of=words_of,
            sortable=sortable,
            place_in_words=place_in_words,
            fields=filterable_fields(obj, tx.rights),
            choosable=choosable_columns(obj, tx.rights, listing.columns),
            may_create=tx.rights.may_create(obj.id) and may_write(tx, obj),
            may_export=tx.rights.may_do(Action.EXPORT),
            may_set_up=tx.rights.may_set_up(SetupArea.OBJECTS),
        )


async def show_filter_form(request: Request) -> Response:
    """GET /admin/{object}/_filter?field=: words and value of one field, for the filter menu."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = visible_object(tx, request.path_params["object"])
        field = visible_field(obj, tx.rights, request.query_params.get("field", ""))
        return part(
            request,
            "parts/filter_value.html",
            object=obj,
            field=field,
            words=words_of(field),
            kind=widget_of(field).filter_value,
        )


async def _rows(tx: Transaction, listing: Listing) -> tuple[Rows, tuple[Problem, ...]]:
    """Give the rows of a list, or what is wrong with its filters."""
    if listing.problems:
        return Rows(()), listing.problems
    then = listing.past.instant if listing.past else None
    wanted = Wanted(
        *(listing.condition, listing.order_by, PAGE_SIZE, listing.after, then), listing.scope
    )
    try:
        own = [column for column in listing.columns if not is_behind(column)]
        names = (column.name for column in listing.columns if is_behind(column))
        behind = (shown_at(tx.catalog, listing.object, tx.rights, name) for name in names)
        paths = [one for one in behind if one is not None]
        return await fetch_rows(tx, listing.object, own, wanted, paths), ()
    except FieldstoneError as error:
        return Rows(()), error.problems


def _parties(tx: Transaction) -> Iterator[Choice]:
    """Yield whom a view can be offered to: those with a permission set, and those of a role."""
    if not tx.rights.may_set_up(SetupArea.OBJECTS):
        return
    sets = sorted(tx.catalog.permission_sets.values(), key=lambda one: fold(one.label))
    yield from (Choice(f"permission_sets:{one.name}", f"For {one.label}") for one in sets)
    for role in tx.catalog.roles:
        yield Choice(f"roles:{role.name}", f"For {role.label} and below")


def _exports(tx: Transaction, listing: Listing) -> Mapping[str, str]:
    """Give the addresses of files with what the list shows, by their format."""
    paths = [path_shown(tx, column) for column in listing.columns]
    return {kind: listing.export_address(kind, paths) for kind in ("xlsx", "csv")}


async def _filter_names(tx: Transaction, listing: Listing) -> Mapping[str, str]:
    """Give the names of the records that filters ask for."""
    ids = [one.text for one in listing.filters if one.field.references and is_id(one.text)]
    return await fetch_names(tx, ids) if ids else {}


def filter_in_words(one: Filter, names: Mapping[str, str], view: Viewing) -> str:
    """Give the value of a filter as a person reads it."""
    if not one.word.needs_value or one.text in names:
        return names.get(one.text, "")
    show = _IN_WORDS.get(widget_of(one.field).filter_value)
    return show(one, view) if show else one.text


def _choice_in_words(one: Filter, view: Viewing) -> str:
    found = one.field.options.find(one.text)
    return found.label if found else one.text


def _number_in_words(one: Filter, view: Viewing) -> str:
    try:
        value = widget_of(one.field).read({WHOLE: [one.text]}, one.field, view)
        return widget_of(one.field).plain(value, one.field, view)
    except FieldstoneError:
        return one.text


def _day_in_words(one: Filter, view: Viewing) -> str:
    try:
        day = date.fromisoformat(one.text)
    except ValueError:
        return one.text.replace("_", " ").lower()
    return day_in_words(day, view.now.astimezone(view.zone).date())


def _boolean_in_words(one: Filter, view: Viewing) -> str:
    return one.text.capitalize()


_IN_WORDS: Final[Mapping[str, Callable[[Filter, Viewing], str]]] = {
    "boolean": _boolean_in_words,
    "choice": _choice_in_words,
    "day": _day_in_words,
    "number": _number_in_words,
}


def _with_added(request: Request, tx: Transaction, listing: Listing) -> Response:
    """Take what the small forms of the view bar send into the address, and go there."""
    asked = request.query_params
    obj: ObjectDef = listing.object
    if asked["add"] == "columns":
        names = set(asked.getlist("column"))
        offered = choosable_columns(obj, tx.rights, listing.columns)
        kept = [c for c in listing.columns if c.name in names]
        new = [c for c in offered if c.name in names and c not in kept]
        chosen = (obj.title, *(c for c in kept if c is not obj.title), *new)
        return RedirectResponse(listing.address(columns=chosen), 303)
    field, word, value = (asked.get(key, "") for key in ("field", "word", "value"))
    if asked["add"] == "filter" and field and not word:
        return RedirectResponse(_reopened(listing, field), 303)
    texts = [text for text in asked.getlist("value") if text.strip()]
    value = texts[-1] if texts else value
    added = f"{field}:{word}:{value}" if value else f"{field}:{word}"
    address = listing.address(filters=listing.filters)
    mark = "&" if "?" in address else "?"
    return RedirectResponse(f"{address}{mark}f={_quoted(added)}", 303)


def _reopened(listing: Listing, field: str) -> str:
    """Give the address that shows the form for a filter of a field, for want of scripts."""
    address = listing.address()
    return f"{address}{'&' if '?' in address else '?'}filter={_quoted(field)}"


def _quoted(text: str) -> str:
    return quote(text, safe="")
