"""The forms of one's account for what one let programs do."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fieldstone.platform.identity.door_forms import text_of
from fieldstone.platform.identity.endpoints import in_session
from fieldstone.platform.identity.oauth.grants import end_my_app
from fieldstone.runtime.asking import database_of, tenant_of
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form

_ACCOUNT: Final = "/admin/account"


async def take_back(request: Request) -> Response:
    """POST /admin/account/apps: take back what one let a program do."""
    viewer = in_session(request)
    name = text_of(await read_form(request), "app")
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        await end_my_app(tx, name)
    response = RedirectResponse(_ACCOUNT, 303)
    put_flash(response, Flash("The program is let in no more."))
    return response


ROUTES: Final[tuple[BaseRoute, ...]] = (Route(f"{_ACCOUNT}/apps", take_back, methods=["POST"]),)
