"""Short addresses: /contacts, /companies/{id} and so on, for every object by its plural name.

They are the record endpoints in the shape of a public API: lists have data and meta, one record
shows its references by id and name, and /v1 in front of them changes nothing.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fieldstone.api import records
from fieldstone.api.methods import wrong_method
from fieldstone.api.requests import text_response
from fieldstone.errors import NotFound
from fieldstone.ids import BadId, RecordId, format_id, parse_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.values import fold, write_json
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.records.showing import count_records, list_page, nth_record
from fieldstone.runtime.records.write import record_id
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Transaction

_LARGEST_ORDINAL: Final = 1_000_000


class NothingHere(NotFound):
    """An address that no object and no page has."""

    code = "request.unknown_address"


async def list_all(request: Request) -> Response:
    """GET /{plural}: a page of records with the total. An id leads to the page of its record."""
    wanted = records.list_request(request)

    async def show(tx: Transaction) -> Response:
        page_of_one = _record_page(tx, request.path_params["plural"])
        if page_of_one is not None:
            return RedirectResponse(page_of_one, 303)
        obj = _object(tx, request)
        page = await list_page(tx, obj, wanted)
        whole = page.next is None and wanted.cursor is None
        total = len(page.records) if whole else await count_records(tx, obj, wanted)
        meta = write_json({"tenant": tx.tenant.name, "total": total, "next": page.next})
        return text_response(f'{{"data": [{",".join(page.records)}], "meta": {meta}}}')

    return await database_of(request).ask(_tenant(request), viewer_of(request), show)


async def create(request: Request) -> Response:
    """POST /{plural}: create one record or many."""
    await _name_object(request)
    return await records.create_records(request)


async def get_one(request: Request) -> Response:
    """GET /{plural}/{id}: one record. A whole number n means the n-th one that was created."""

    async def show(tx: Transaction) -> Response:
        obj = _object(tx, request)
        number = await _number(tx, obj, request.path_params["id"])
        return await records.shown(request, tx, obj, number, None)

    return await database_of(request).ask(_tenant(request), viewer_of(request), show)


async def change_one(request: Request) -> Response:
    """PATCH /{plural}/{id}: change some fields of one record."""
    await _name_object(request)
    return await records.change_record(request)


async def delete_one(request: Request) -> Response:
    """DELETE /{plural}/{id}: put one record in the recycle bin."""
    await _name_object(request)
    return await records.delete_record(request)


async def _number(tx: Transaction, obj: ObjectDef, text: str) -> RecordId:
    if text.isascii() and text.isdigit() and 0 < int(text) <= _LARGEST_ORDINAL:
        return await nth_record(tx, obj, int(text))
    return record_id(obj, text)


def _record_page(tx: Transaction, text: str) -> str | None:
    """Give the page of a record, where an address is its id alone, as formulas write links."""
    try:
        prefix, number = parse_id(text)
    except BadId:
        return None
    obj = tx.catalog.by_prefix.get(prefix)
    if obj is None or not tx.rights.may_read_object(obj.id):
        return None
    return f"/admin/{obj.name}/{format_id(prefix, number)}"


def _object(tx: Transaction, request: Request) -> ObjectDef:
    obj = tx.catalog.by_slug.get(fold(request.path_params["plural"]))
    if obj is None or not tx.rights.may_read_object(obj.id):
        raise _refusal(request)
    return obj


def _tenant(request: Request) -> Tenant:
    """Give the tenant; the few addresses that need none may be taken for shortcuts as well."""
    if not hasattr(request.state, "tenant"):
        raise _refusal(request)
    return tenant_of(request)


def _refusal(request: Request) -> Exception:
    """Give what is wrong with an address of no object: it takes other methods, or is nowhere."""
    others = [route for route in request.app.routes if route not in ROUTES]
    found = wrong_method(others, request.scope)
    return found or NothingHere("There is nothing at this address.")


async def _name_object(request: Request) -> None:
    """Tell the record endpoints which object the plural name means."""
    async with database_of(request).read(_tenant(request), viewer_of(request)) as tx:
        request.path_params["object"] = _object(tx, request).name


def _routes(before: str) -> tuple[Route, ...]:
    return (
        Route(before + "/{plural}", list_all, methods=["GET"]),
        Route(before + "/{plural}", create, methods=["POST"]),
        Route(before + "/{plural}/{id}", get_one, methods=["GET"]),
        Route(before + "/{plural}/{id}", change_one, methods=["PATCH"]),
        Route(before + "/{plural}/{id}", delete_one, methods=["DELETE"]),
    )


ROUTES: Final = (*_routes("/v1"), *_routes(""))
