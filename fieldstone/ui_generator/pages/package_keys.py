"""/admin/packages/_keys: the key that packages are signed with here, and whose are trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.registry import TRUSTED_KEY
from fieldstone.metadata.names import component_name
from fieldstone.metadata.values import fold
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.package_signing import PackageKeys
from fieldstone.runtime.package_trust import trusted_in
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, check_setup, setup_cause
from fieldstone.ui_generator.pages.packages import ADDRESS, CRUMB
from fieldstone.ui_generator.previewing import text_of
from fieldstone.ui_generator.shell import Crumb, Place, page

KEYS: Final = f"{ADDRESS}/_keys"
_KEY_LENGTH: Final = 44


def package_keys_of(request: Request) -> PackageKeys:
    """Give the keys of the installation's tenants."""
    keys: PackageKeys = request.app.state.package_keys
    return keys


async def show_keys(request: Request) -> Response:
    """GET /admin/packages/_keys: the tenant's own key, and those that it trusts."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup(tx)
        return _keys_page(request, tx, key=request.query_params.get("key", "")[:_KEY_LENGTH])


async def change_keys(request: Request) -> Response:
    """POST /admin/packages/_keys: trust a key, or trust one no more."""
    sent = await read_form(request)
    tenant, viewer, database = tenant_of(request), viewer_of(request), database_of(request)
    gone = text_of(sent, "remove")
    label, key = text_of(sent, "label"), text_of(sent, "key")
    try:
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            check_setup(tx)
            if gone:
                label = known.label if (known := trusted_in(tx).get(gone)) else gone
                proposal = Proposal(removals=((TRUSTED_KEY.name, fold(gone)),))
            else:
                body = {"label": label, "key": key}
                made = Component(TRUSTED_KEY.name, component_name(label), body)
                proposal = Proposal(creates=(made,))
            await change_metadata(tx, proposal)
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return _keys_page(request, tx, error.problems, label, key)
    response = RedirectResponse(KEYS, 303)
    said = f"{label} is trusted no more" if gone else f"{label} is trusted"
    put_flash(response, Flash(said))
    return response


def _keys_page(
    request: Request,
    tx: Transaction,
    problems: Sequence[Problem] = (),
    label: str = "",
    key: str = "",
) -> Response:
    return page(
        request,
        tx,
        Place("Keys of packages", "setup", (SETUP, CRUMB, Crumb("Keys"))),
        "package_keys.html",
        status=422 if problems else 200,
        own=package_keys_of(request).public(tx.tenant.id),
        trusted=sorted(trusted_in(tx).items(), key=lambda one: one[1].label.lower()),
        problems=problems,
        label=label,
        key=key,
    )
