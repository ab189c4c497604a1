"""/admin/{Object}/{id}/_do/{Action} and /admin/_do/{Action}: the small form of a quick action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Problem, Unavailable
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.quick_actions import (
    QuickAction,
    carry_out,
    default_values,
    get_action,
)
from fieldstone.runtime.records.levels import seen_of
from fieldstone.runtime.records.write import Incoming, record_id
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.forms import RecordForm
from fieldstone.ui_generator.pages.edit import default_values as usual_values
from fieldstone.ui_generator.pages.edit import held_values, opened_form
from fieldstone.ui_generator.pages.record import place_of
from fieldstone.ui_generator.reading import (
    Row,
    fetch_record,
    title_of,
    visible_fields,
    visible_object,
)
from fieldstone.ui_generator.references import name_chosen, resolve_names
from fieldstone.ui_generator.shell import Crumb, Place, page, site_of
from fieldstone.ui_generator.uploads import Sent, keep_uploads
from fieldstone.ui_generator.viewing import viewing_of


@dataclass(frozen=True, slots=True)
class _Called:
    """An action with the record that it was called from; row and number are None for none."""

    action: QuickAction
    number: RecordId | None
    row: Row | None

    @property
    def back(self) -> str:
        """The address that one came from."""
        source = self.action.source
        return f"/admin/{source.name}/{self.row['id']}" if source and self.row else "/admin"


async def show_action(request: Request) -> Response:
    """GET /admin/_do/{action}: the form of an action that belongs to no record."""
    return await _show(request)


async def do_action(request: Request) -> Response:
    """POST /admin/_do/{action}: do it."""
    return await _do(request)


async def show_record_action(request: Request) -> Response:
    """GET /admin/{object}/{id}/_do/{action}: the form of an action on a record."""
    return await _show(request)


async def do_record_action(request: Request) -> Response:
    """POST /admin/{object}/{id}/_do/{action}: do it, and show the record again."""
    return await _do(request)


async def _show(request: Request) -> Response:
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        called = await _called(request, tx)
        return await _page(request, tx, called, await _form(request, tx, called, None))


async def _do(request: Request) -> Response:
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    cause: JsonObject = {"request": getattr(request.state, "request_id", ""), "surface": "page"}
    sent, refused = await _sent(request)
    try:
        async with database.write(tenant, viewer, cause) as tx:
            called = await _called(request, tx)
            form = await _form(request, tx, called, sent)
            await resolve_names(tx, form)
            values, problems = form.values()
            incoming = Incoming(values, (*problems, *refused))
            done = await carry_out(tx, called.action, called.number, incoming)
            seen = bool(await seen_of(tx, called.action.target, [done]))
    except Unavailable:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            called = await _called(request, tx)
            form = await _form(request, tx, called, sent)
            problems = form.show(error.problems)
            return await _page(request, tx, called, form, problems=problems, status=422)
    target = called.action.target
    made = f"/admin/{target.name}/{format_id(target.prefix, done)}"
    goes_to_made = called.row is None and seen
    response = RedirectResponse(made if goes_to_made else called.back, 303)
    put_flash(response, Flash(called.action.message or _told(called.action)))
    return response


def _told(action: QuickAction) -> str:
    return f"Created {action.target.label}" if action.makes else f"Done: {action.label}"


async def _sent(request: Request) -> tuple[Sent, list[Problem]]:
    """Read the form; its files are kept at once. Gives also what is wrong with them."""
    async with opened_form(request) as sent:
        async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
            fields = (await _called(request, tx)).action.fields
        return await keep_uploads(request, sent, fields)


async def _called(request: Request, tx: Transaction) -> _Called:
    """Give the action of the address. Raises UnknownAction, UnknownRecord."""
    name = request.path_params["action"]
    if "object" not in request.path_params:
        return _Called(get_action(tx, None, name), None, None)
    obj = visible_object(tx, request.path_params["object"])
    action = get_action(tx, obj, name)
    number = record_id(obj, request.path_params["id"])
    row = await fetch_record(tx, obj, request.path_params["id"], visible_fields(tx, obj))
    return _Called(action, number, row)


async def _form(
    request: Request, tx: Transaction, called: _Called, sent: Sent | None
) -> RecordForm:
    """Build the form, filled with what the action puts in and, over it, what was sent."""
    action = called.action
    form = RecordForm(
        action.target, action.fields, viewing_of(tx), site_of(request).templates.render_inputs
    )
    data: dict[str, Json] = usual_values(request, tx, action.target)
    if not action.makes and called.row is not None:
        data = held_values(called.row)
    defaults = await default_values(tx, action, called.number)
    data |= {field.name: value for field, value in defaults.items()}
    form.process(sent, data=data)
    return form


async def _page(
    request: Request,
    tx: Transaction,
    called: _Called,
    form: RecordForm,
    *,
    problems: Sequence[Problem] = (),
    status: int = 200,
) -> Response:
    await name_chosen(tx, form)
    action = called.action
    values: dict[str, Any] = {
        "object": action.target,
        "action": action,
        "form": form,
        "inputs": list(form.inputs()),
        "homeless": list(problems),
        "has_problems": status == 422,
        "back": called.back,
        "record": _title(called),
        "view": viewing_of(tx),
    }
    return page(request, tx, _place(called), "quick_action.html", status, **values)


def _title(called: _Called) -> str:
    source: ObjectDef | None = called.action.source
    return title_of(source, called.row) if source and called.row else ""


def _place(called: _Called) -> Place:
    label, source = called.action.label, called.action.source
    if source is not None and called.row is not None:
        return place_of(source, called.row, label)
    return Place(label, called.action.target.name, (Crumb(label),))
