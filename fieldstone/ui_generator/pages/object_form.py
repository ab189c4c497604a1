"""/admin/objects/{object}/edit: what an object is called, and how it is offered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.metadata.component import Component, UnknownComponent
from fieldstone.metadata.definitions import object_change
from fieldstone.metadata.kinds.registry import OBJECT
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import change_metadata, load_components
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.offer_forms import Input, OfferForm, texts_of, typed_in
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, check_setup, setup_cause
from fieldstone.ui_generator.reading import visible_object
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.unmoved import check_unmoved, mark_of

_IN_NAVIGATION: Final = "in_navigation"
FORM: Final = OfferForm(
    OBJECT.name,
    "object",
    "What it is called, and how it is offered. Its name in queries stays.",
    (
        Input("label", "Label", hint="Of one record, such as Company.", required=True),
        Input(
            "plural_label", "Label of several", hint="Such as Companies; it is guessed if empty."
        ),
        Input("icon", "Icon", hint="The name of an icon, such as briefcase."),
        Input(_IN_NAVIGATION, "In the navigation where there is no app", "tick"),
        Input("description", "Description", "lines"),
    ),
)


async def show_object_form(request: Request) -> Response:
    """GET /admin/objects/{object}/edit: the form of an object."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await _find(request, tx)
        return _page(request, tx, found, _texts(found))


async def save_object(request: Request) -> Response:
    """POST /admin/objects/{object}/edit: change what is said of an object."""
    sent = await read_form(request)
    typed = typed_in(FORM, sent)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            found = await _find(request, tx)
            seen = mark_of(found.body)
            check_unmoved(FORM.noun, str(sent.get("seen", seen)), seen)
            await change_metadata(tx, object_change(found, _changes(typed)))
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return _page(request, tx, await _find(request, tx), typed, error.problems)
    response = RedirectResponse(f"/admin/objects/{found.name}", 303)
    put_flash(response, Flash(f"Saved {typed['label']}"))
    return response


def _changes(typed: Mapping[str, Any]) -> dict[str, Json]:
    """Give what the form says of an object; null for what it says nothing of."""
    texts = {name: str(text).strip() or None for name, text in typed.items()}
    return {**texts, _IN_NAVIGATION: None if typed[_IN_NAVIGATION] else False}


def _texts(found: Component) -> dict[str, Any]:
    texts = texts_of(FORM, found.body)
    return {**texts, _IN_NAVIGATION: "" if found.body.get(_IN_NAVIGATION) is False else "on"}


async def _find(request: Request, tx: Transaction) -> Component:
    """Give the object of the address as it was declared. Raises Forbidden, UnknownObject."""
    check_setup(tx)
    obj = visible_object(tx, request.path_params["object"])
    wanted = (OBJECT.name, fold(obj.name))
    for row in await load_components(tx):
        if row.deleted_at is None and row.component.key == wanted:
            return row.component
    raise UnknownComponent(f"{obj.label} is not declared.")


def _page(
    request: Request,
    tx: Transaction,
    found: Component,
    typed: Mapping[str, Any],
    problems: tuple[Problem, ...] = (),
) -> Response:
    title = str(found.body["label"])
    back = f"/admin/objects/{found.name}"
    values: dict[str, Any] = {
        "form": FORM,
        "inputs": FORM.inputs,
        "choices": {},
        "typed": typed,
        "is_new": False,
        "may_delete": False,
        "seen": mark_of(found.body),
        "title": title,
        "problems": problems,
        "back": back,
    }
    place = Place(title, "setup", (SETUP, Crumb(title, back), Crumb("Edit")))
    return page(request, tx, place, "offer.html", 422 if problems else 200, **values)
