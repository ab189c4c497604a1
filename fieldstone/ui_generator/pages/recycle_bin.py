"""The recycle bin: what was deleted, and the way back."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from fieldstone.ids import format_id
from fieldstone.runtime.access.parties import names_of_users
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.storage.recycle_bin import (
    NEWEST,
    Deletion,
    cursor_behind,
    load_bin,
    read_cursor,
)
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.held_records import is_declared, may_write
from fieldstone.ui_generator.shell import Place, page
from fieldstone.ui_generator.viewing import viewing_of

_PER_PAGE: Final = 50


async def show_bin_page(request: Request) -> Response:
    """GET /admin/bin: the deletions that the viewer sees, the newest first."""
    place = read_cursor(request.query_params.get("before", "")) or NEWEST
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await load_bin(tx, place, _PER_PAGE + 1)
        shown = found[:_PER_PAGE]
        return page(
            request,
            tx,
            Place("Recycle bin", "bin"),
            "recycle_bin.html",
            lines=[_line(tx, one) for one in shown],
            users=await names_of_users(
                tx, sorted({one.actor_id for one in shown if one.actor_id is not None})
            ),
            following=cursor_behind(shown[-1]) if len(found) > _PER_PAGE else "",
            view=viewing_of(tx),
        )


def _line(tx: Transaction, one: Deletion) -> dict[str, Any]:
    record = format_id(one.obj.prefix, one.id)
    return {
        "object": one.obj,
        "record": record,
        "name": one.name or record,
        "by": one.actor_id,
        "at": one.at.isoformat(),
        "along": one.along,
        "may_restore": (
            tx.rights.may_delete(one.obj.id) and may_write(tx, one.obj) and not is_declared(one.obj)
        ),
    }
