"""Creating, changing, deleting and restoring a record by forms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from starlette.datastructures import FormData, ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem, Unavailable
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.record_types import RECORD_TYPE
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.layouts import Layout
from fieldstone.runtime.records.delete import restore
from fieldstone.runtime.records.levels import seen_of
from fieldstone.runtime.records.locks import check_unlocked
from fieldstone.runtime.records.record_types import types_offered
from fieldstone.runtime.records.write import Incoming, StaleVersion, record_id
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.conditions import shown_only, stand
from fieldstone.ui_generator.csrf import FIELD, check_token
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.forms import RecordForm, Values, editable_fields, first_fields
from fieldstone.ui_generator.held_records import drop_record, is_declared, keep_record
from fieldstone.ui_generator.laid_out_form import demand_as, form_sections, laid_out_fields
from fieldstone.ui_generator.live_conditions import live_conditions
from fieldstone.ui_generator.pages.record import layout_of, list_crumbs, place_of
from fieldstone.ui_generator.reading import (
    Row,
    fetch_record,
    title_of,
    visible_fields,
    visible_object,
)
from fieldstone.ui_generator.record_type_forms import (
    fit,
    must_choose,
    replaced_values,
    type_of_form,
    type_of_row,
    values_of_type,
    with_type,
)
from fieldstone.ui_generator.references import name_chosen, resolve_names
from fieldstone.ui_generator.shell import Crumb, Place, page, site_of
from fieldstone.ui_generator.uploads import Sent, keep_uploads
from fieldstone.ui_generator.viewing import viewing_of

MOST_FIELDS: Final = 2000
MOST_FILES: Final = 50
VERSION: Final = "_version"
AGAIN: Final = "_again"
_NOT_VALUES: Final = frozenset({"id", "version"})
NEW: Final = "new"
"""Stands in addresses in the place of the id of a record that is being made."""


async def new_record(request: Request) -> Response:
    """GET /admin/{object}/new: an empty form; parameters fill fields in."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = editable_object(request, tx)
        if must_choose(request, tx, obj):
            return _type_page(request, tx, obj, None)
        form = build_form(request, tx, obj, layout_of(request, tx, obj))
        form.process(_prefilled(request, obj), data=default_values(request, tx, obj))
        await name_chosen(tx, form)
        return await _form_page(request, tx, form, None)


async def create_record(request: Request) -> Response:
    """POST /admin/{object}/new: create it and show it, or show the form with every problem."""
    sent, refused = await _sent(request)
    try:
        async with _writing(request) as tx:
            obj = editable_object(request, tx)
            form = build_form(request, tx, obj, layout_of(request, tx, obj))
            form.process(sent, data=default_values(request, tx, obj))
            values, problems = await _typed(tx, form, None, refused)
            outcome = await keep_record(tx, obj, Incoming(values, tuple(problems)))
            assert outcome.id is not None
            text = format_id(obj.prefix, outcome.id)
            is_seen = bool(await seen_of(tx, obj, [outcome.id]))
    except Unavailable:
        raise
    except FieldstoneError as error:
        return await _refused(request, sent, error)
    asked = f"?{request.url.query}" if RECORD_TYPE in request.query_params else ""
    again = f"/admin/{obj.name}/new{asked}" if AGAIN in sent else f"/admin/{obj.name}/{text}"
    if not is_seen:
        return _out_of_sight(obj, f"Created {obj.label}, which you may not see")
    response = RedirectResponse(again, 303)
    put_flash(response, Flash(f"Created {await _title(request, obj, text)}"))
    return response


async def choose_type(request: Request) -> Response:
    """GET /admin/{object}/{id}/record_type: the record types that a record may become of."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = editable_object(request, tx)
        return _type_page(request, tx, obj, await record_row(request, tx, obj))


def _type_page(request: Request, tx: Transaction, obj: ObjectDef, row: Row | None) -> Response:
    """Ask for the record type before the form; each leads to the form of its own."""
    back = f"/admin/{obj.name}"
    form = f"{back}/{row['id']}/edit" if row else f"{back}/new"
    title = f"New {obj.label}"
    place = (
        replace(place_of(obj, row, "Record type"), title=f"Record type of {title_of(obj, row)}")
        if row
        else Place(title, obj.name, (*list_crumbs(obj), Crumb(title)), create=obj.name)
    )
    values: dict[str, Any] = {
        "object": obj,
        "title": title_of(obj, row) if row else "",
        "held": type_of_row(obj, row),
        "types": [
            (one, with_type(request, form, one.key)) for one in types_offered(obj, tx.rights)
        ],
        "back": f"{back}/{row['id']}" if row else back,
    }
    return page(request, tx, place, "record_type_choice.html", **values)


async def edit_record(request: Request) -> Response:
    """GET /admin/{object}/{id}/edit: the form of a record."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = editable_object(request, tx)
        row = await record_row(request, tx, obj)
        await check_unlocked(tx, obj, [record_id(obj, str(row["id"]))])
        form = build_form(request, tx, obj, layout_of(request, tx, obj, row), row)
        instead = replaced_values(obj, type_of_form(request, tx, obj, row), row)
        form.process(_prefilled(request, obj, instead), data=held_values(row))
        await name_chosen(tx, form)
        return await _form_page(request, tx, form, row)


async def change_record(request: Request) -> Response:
    """POST /admin/{object}/{id}/edit: change what differs and show the record again."""
    sent, refused = await _sent(request)
    try:
        async with _writing(request) as tx:
            obj = editable_object(request, tx)
            number = record_id(obj, request.path_params["id"])
            row = await record_row(request, tx, obj)
            form = build_form(request, tx, obj, layout_of(request, tx, obj, row), row)
            form.process(sent, data=held_values(row))
            values, problems = await _typed(tx, form, number, refused)
            incoming = Incoming(values, tuple(problems), number, _version(sent))
            outcome = await keep_record(tx, obj, incoming)
            is_seen = bool(await seen_of(tx, obj, [number]))
    except Unavailable:
        raise
    except FieldstoneError as error:
        return await _refused(request, sent, error)
    if not is_seen:
        return _out_of_sight(obj, f"Saved {title_of(obj, row)}, which you may see no longer")
    response = RedirectResponse(f"/admin/{obj.name}/{request.path_params['id']}", 303)
    if outcome.operation != "unchanged":
        put_flash(response, Flash(f"Saved {title_of(obj, row)}"))
    return response


def _out_of_sight(obj: ObjectDef, said: str) -> Response:
    """Lead to the list, where a record is no longer among what its writer sees, and say so."""
    response = RedirectResponse(f"/admin/{obj.name}", 303)
    put_flash(response, Flash(said))
    return response


async def delete_record(request: Request) -> Response:
    """POST /admin/{object}/{id}/delete: put it into the bin; the next page offers to undo it."""
    await read_form(request)
    async with _writing(request) as tx:
        obj = visible_object(tx, request.path_params["object"])
        text = request.path_params["id"]
        number = record_id(obj, text)
        row = await fetch_record(tx, obj, text, (obj.title,))
        await drop_record(tx, obj, number)
    response = RedirectResponse(f"/admin/{obj.name}", 303)
    undo = "" if is_declared(obj) else f"/admin/{obj.name}/{text}/restore"
    put_flash(response, Flash(f"Deleted {title_of(obj, row)}", undo))
    return response


async def restore_record(request: Request) -> Response:
    """POST /admin/{object}/{id}/restore: take it out of the bin with all that hung on it."""
    await read_form(request)
    async with _writing(request) as tx:
        obj = visible_object(tx, request.path_params["object"])
        text = request.path_params["id"]
        await restore(tx, obj, record_id(obj, text))
    response = RedirectResponse(f"/admin/{obj.name}/{text}", 303)
    put_flash(response, Flash(f"Restored {await _title(request, obj, text)}"))
    return response


async def read_form(request: Request) -> FormData:
    """Read a form without files and refuse it if no page of ours made it. Raises ForgedForm."""
    async with opened_form(request) as sent:
        return sent


@asynccontextmanager
async def opened_form(request: Request) -> AsyncIterator[FormData]:
    """Read a form, whose files are there for the block. Raises ForgedForm."""
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as sent:
        token = sent.get(FIELD)
        check_token(request, token if isinstance(token, str) else None)
        yield sent


async def _sent(request: Request) -> tuple[Sent, list[Problem]]:
    """Read the form of a record; its files are kept at once. Gives also what is wrong with them."""
    async with opened_form(request) as sent:
        async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
            fields = editable_fields(editable_object(request, tx), tx.rights)
        return await keep_uploads(request, sent, fields)


async def _typed(
    tx: Transaction, form: RecordForm, number: RecordId | None, refused: list[Problem]
) -> tuple[Values, list[Problem]]:
    """Give what was typed into fields that are shown, with all that is wrong with it."""
    await resolve_names(tx, form)
    judged = await stand(tx, form, number)
    values, problems = shown_only(judged, *form.values())
    return values, [*problems, *form.missing(), *refused]


def build_form(
    request: Request, tx: Transaction, obj: ObjectDef, layout: Layout, row: Row | None = None
) -> RecordForm:
    """Build the form of an object for the viewer, with the fields that the layout says."""
    fields = editable_fields(obj, tx.rights)
    if layout.is_declared:
        asked = {name.partition(".")[0] for name in request.query_params}
        if row is not None:
            # What another record type has to put in the place of a value is seen before it is.
            asked |= dict(replaced_values(obj, type_of_form(request, tx, obj, row), row)).keys()
        fields = laid_out_fields(obj, tx.rights, layout, asked, is_new=row is None)
    form = RecordForm(obj, fields, viewing_of(tx), site_of(request).templates.render_inputs)
    demand_as(form, layout)
    fit(form, type_of_form(request, tx, obj, row), row)
    return form


async def _refused(request: Request, sent: Sent, error: FieldstoneError) -> Response:
    """Show the form again with what was typed and with what is wrong, read afresh."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = editable_object(request, tx)
        row = await record_row(request, tx, obj) if "id" in request.path_params else None
        layout = layout_of(request, tx, obj, row)
        form = build_form(request, tx, obj, layout, row)
        form.process(sent, data=held_values(row) if row else default_values(request, tx, obj))
        homeless = form.show(error.problems)
        await name_chosen(tx, form)
        stale = isinstance(error, StaleVersion)
        problems = [] if stale else homeless
        status = 409 if stale else 403 if isinstance(error, Forbidden) else 422
        return await _form_page(
            request, tx, form, row, status=status, homeless=problems, stale=stale
        )


async def _form_page(
    request: Request,
    tx: Transaction,
    form: RecordForm,
    row: Row | None,
    *,
    status: int = 200,
    homeless: list[Problem] | None = None,
    stale: bool = False,
) -> Response:
    obj = form.object
    number = record_id(obj, str(row["id"])) if row else None
    judged = await stand(tx, form, number)
    layout = layout_of(request, tx, obj, row)
    inputs = list(form.inputs())
    asked = [one.of for one in inputs]
    first = set(first_fields(obj, asked, judged.linked)) if row is None else None
    verb = "Edit" if row else "New"
    title = f"New {obj.label}"
    place = (
        place_of(obj, row, verb)
        if row
        else Place(title, obj.name, (*list_crumbs(obj), Crumb(title)), create=obj.name)
    )
    values: dict[str, Any] = {
        "object": obj,
        "form": form,
        "row": row,
        "title": title_of(obj, row) if row else "",
        "sections": form_sections(form, layout, is_new=row is None) if layout.is_declared else (),
        "first": [one for one in inputs if first is None or one.of in first],
        "more": [one for one in inputs if first is not None and one.of not in first],
        "fixed": _fixed(tx, form, row) if row and not layout.is_declared else [],
        "homeless": homeless or [],
        "conditions": live_conditions(tx, form, judged, str(row["id"]) if row else "new"),
        "has_problems": status in (403, 422),
        "of_type": type_of_form(request, tx, obj, row),
        "may_change_type": row is not None and len(types_offered(obj, tx.rights)) > 1,
        "stale": [one for one in inputs if stale and one.is_changed],
        "view": viewing_of(tx),
    }
    return page(request, tx, place, "form.html", status, **values)


def _fixed(tx: Transaction, form: RecordForm, row: Row) -> list[Field]:
    """Give the fields that only the system writes and that say something."""
    asked = {one.of for one in form.inputs()}
    shown = [f for f in visible_fields(tx, form.object) if f not in asked and not f.is_system]
    return [f for f in shown if row.get(f.name) and f is not form.object.title]


@asynccontextmanager
async def _writing(request: Request) -> AsyncIterator[Transaction]:
    """Open a transaction for writing, with the request noted as the cause.

    Records that are declared are written by a change of metadata.
    """
    cause: JsonObject = {"request": getattr(request.state, "request_id", ""), "surface": "page"}
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    async with database.read(tenant, viewer) as tx:
        declared = is_declared(visible_object(tx, request.path_params["object"]))
    opened = database.change_metadata if declared else database.write
    async with opened(tenant, viewer, cause) as tx:
        yield tx


def editable_object(request: Request, tx: Transaction) -> ObjectDef:
    """Give the object of the address if the viewer may write to it. Raises Forbidden."""
    obj = visible_object(tx, request.path_params["object"])
    is_new = request.path_params.get("id", NEW) == NEW
    if not (tx.rights.may_create(obj.id) if is_new else tx.rights.may_edit_object(obj.id)):
        raise Forbidden(f"You may not {'create' if is_new else 'change'} {obj.plural_label}.")
    return obj


async def record_row(request: Request, tx: Transaction, obj: ObjectDef) -> Row:
    """Give the record of the address. Raises UnknownRecord."""
    record_id(obj, request.path_params["id"])
    return await fetch_record(tx, obj, request.path_params["id"], visible_fields(tx, obj))


async def _title(request: Request, obj: ObjectDef, text: str) -> str:
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return title_of(obj, await fetch_record(tx, obj, text, (obj.title,)))


def held_values(row: Row) -> dict[str, Json]:
    """Give what the form of a record holds before anything is typed."""
    return {name: value for name, value in row.items() if name not in _NOT_VALUES}


def default_values(request: Request, tx: Transaction, obj: ObjectDef) -> dict[str, Json]:
    """Give what a new record holds before anything is typed."""
    found: dict[str, Json] = {}
    for field in obj.own_fields:
        said = field.default
        value = (
            field.type.default(field.options)
            if said is None
            else field.type.encode(field.type.accept(said, field.options))
        )
        if value is not None:
            found[field.name] = value
    user = tx.catalog.find_object("User")
    if user is not None and tx.viewer.user_id is not None:
        owner = format_id(user.prefix, tx.viewer.user_id)
        found["owner"] = {"id": owner, "name": tx.viewer.name}
    return values_of_type(obj, type_of_form(request, tx, obj, None), found)


def _prefilled(
    request: Request, obj: ObjectDef, instead: Sequence[tuple[str, str]] = ()
) -> ImmutableMultiDict[str, str] | None:
    """Give the parameters of the address that name fields, as if they had been typed.

    instead: what else counts as typed.
    """
    named = [
        (name, text)
        for name, text in request.query_params.multi_items()
        if obj.find_field(name.partition(".")[0]) is not None
    ]
    asked = [*instead, *named]
    return ImmutableMultiDict(asked) if asked else None


def _version(sent: Mapping[str, Any]) -> int | None:
    text = sent.get(VERSION)
    return int(text) if isinstance(text, str) and text.isdigit() and len(text) < 18 else None
