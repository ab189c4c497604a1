"""/admin/{Object}/{id}/conditions: which fields a form shows and demands, while it is filled in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.records.write import record_id
from fieldstone.ui_generator.conditions import stand
from fieldstone.ui_generator.pages.edit import (
    NEW,
    build_form,
    default_values,
    editable_object,
    held_values,
    opened_form,
    record_row,
)
from fieldstone.ui_generator.pages.record import layout_of


async def judge_form(request: Request) -> Response:
    """POST /admin/{object}/{id}/conditions: how the fields of a form stand that have conditions.

    The id is that of the record, or "new". What a browser can work out it does not ask for.
    """
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    async with opened_form(request) as sent, database.read(tenant, viewer) as tx:
        obj = editable_object(request, tx)
        is_new = request.path_params["id"] == NEW
        row = None if is_new else await record_row(request, tx, obj)
        form = build_form(request, tx, obj, layout_of(request, tx, obj, row), row)
        form.process(sent, data=held_values(row) if row else default_values(request, tx, obj))
        number = None if is_new else record_id(obj, request.path_params["id"])
        judged = await stand(tx, form, number)
        inputs = {one.of: one for one in form.inputs()}
        told = {
            of.name: {"visible": one.visible, "required": inputs[of].is_required}
            for of, one in judged.standings.items()
            if of in inputs
        }
    return JSONResponse({"fields": told}, headers={"Cache-Control": "no-store"})
