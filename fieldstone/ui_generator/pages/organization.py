"""/admin/organization: a form for what the organization is set to."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.metadata.kinds.organization import known_currencies, known_zones
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.organization import change_organization, show_organization
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, setup_cause
from fieldstone.ui_generator.shell import Crumb, Place, page

ADDRESS: Final = "/admin/organization"
_LONGEST: Final = 255
_WHO: Final = (
    ("nobody", "By nobody"),
    ("administrators", "By administrators"),
    ("everybody", "By everybody"),
)
_WHEN: Final = (("consent", "When the member allows it"), ("always", "Always"))
_MONTHS: Final = tuple((str(number), month_name[number]) for number in range(1, 13))


@dataclass(frozen=True, slots=True)
class Line:
    """One input of the form. choices: what may be chosen; offered: what is only proposed."""

    name: str
    label: str
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    offered: tuple[str, ...] = ()


def _lines() -> tuple[Line, ...]:
    return (
        Line("name", "Name"),
        Line("currency", "Currency", "Of amounts whose field names none.", (), known_currencies()),
        Line(
            "time_zone",
            "Time zone",
            "In which days begin, such as Europe/Berlin.",
            (),
            known_zones(),
        ),
        Line("locale", "Locale", "Such as en, en_GB or de."),
        Line("language", "Language", "Of labels, for those who chose none: such as de or pt_BR."),
        Line("fiscal_month", "Fiscal year begins in", choices=_MONTHS),
        Line("phone", "Phone"),
        Line("street", "Street"),
        Line("postal_code", "Postal code"),
        Line("city", "City"),
        Line("state", "State"),
        Line("country", "Country"),
        Line(
            "second_factor",
            "Second factor needed",
            "Beside the password. Who has none is asked to set one up at the next sign-in.",
            _WHO,
        ),
        Line(
            "acting",
            "Administrators act as a member",
            "To see what they see. It is always shown and logged.",
            _WHEN,
        ),
    )


async def show_form(request: Request) -> Response:
    """GET /admin/organization: the form."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        _check_setup(tx)
        return _page(request, tx, show_organization(tx))


async def save_form(request: Request) -> Response:
    """POST /admin/organization: save it."""
    sent = await read_form(request)
    typed = {line.name: str(sent.get(line.name, ""))[:_LONGEST].strip() for line in _lines()}
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            _check_setup(tx)
            await change_organization(tx, _changes(typed))
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return _page(request, tx, typed, error.problems)
    response = RedirectResponse(ADDRESS, 303)
    put_flash(response, Flash("Saved the organization"))
    return response


def _changes(typed: Mapping[str, str]) -> JsonObject:
    changes: dict[str, Json] = {name: value or None for name, value in typed.items()}
    month = typed["fiscal_month"]
    changes["fiscal_month"] = int(month) if month.isascii() and month.isdigit() else None
    return changes


def _page(
    request: Request,
    tx: Transaction,
    values: Mapping[str, Any],
    problems: tuple[Problem, ...] = (),
) -> Response:
    place = Place("Organization", "setup", (SETUP, Crumb("Organization")))
    status = 422 if problems else 200
    told = {problem.at: problem for problem in problems}
    return page(
        request,
        tx,
        place,
        "organization.html",
        status,
        lines=_lines(),
        values={name: str(value) for name, value in values.items()},
        told=told,
        problems=problems,
    )


def _check_setup(tx: Transaction) -> None:
    """Refuse those who may not set up. Raises Forbidden."""
    if not tx.rights.may_set_up(SetupArea.ORGANIZATION):
        raise Forbidden("You may not change the organization.")
