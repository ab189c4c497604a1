"""/admin/encryption: keys of encrypted fields, what is under each, and sealing with the newest."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.encryption.key_use import load_key_use
from fieldstone.runtime.encryption.rotating import last_rotation, start_rotation
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.viewing import viewing_of

ADDRESS: Final = "/admin/encryption"


async def show_encryption(request: Request) -> Response:
    """GET /admin/encryption: keys with their age and use, fields, and how far a rotation is."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        use = await load_key_use(tx)
        values: dict[str, Any] = {
            "use": use,
            "today": tx.now.date(),
            "job": await last_rotation(tx),
            "view": viewing_of(tx),
        }
        place = Place("Encryption", "setup", (SETUP, Crumb("Encryption")))
        return page(request, tx, place, "encryption.html", **values)


async def rotate(request: Request) -> Response:
    """POST /admin/encryption: have all values sealed with the current key."""
    await read_form(request)
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        job = await start_rotation(tx)
    response = RedirectResponse(ADDRESS, 303)
    put_flash(response, Flash(f"Job {job} seals the values anew"))
    return response
