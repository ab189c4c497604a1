"""/admin/privacy/people: all that is found about one person, and what is asked about them."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.ids import BadId, parse_id
from fieldstone.metadata.values import Json
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.privacy import requests
from fieldstone.runtime.privacy.finding import Dossier, Found, How, Outcome
from fieldstone.runtime.privacy.requests import Asked, BadRequest, RequestKind, UnknownRequest
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP
from fieldstone.ui_generator.pages.privacy import ADDRESS, CRUMB, request_line
from fieldstone.ui_generator.shell import Crumb, Place, page

_LONGEST: Final = 2_000
_MOST_SHOWN: Final = 200
_HOW: Final = {
    How.ITSELF: "The person",
    How.SAME_ADDRESS: "Has the same address",
    How.REFERENCE: "Points to the person",
    How.MENTION: "Says the address",
}
_OUTCOMES: Final = {Outcome.ERASE: "Erased", Outcome.REDACT: "Stays, redacted"}


async def show_dossier(request: Request) -> Response:
    """GET /admin/privacy/people/{id}: what is found about a person."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _show(request, tx)


async def ask_about(request: Request) -> Response:
    """POST /admin/privacy/people/{id}: ask for an archive, or to have the person erased."""
    sent = await read_form(request)
    texts = {name: str(sent.get(name, ""))[:_LONGEST].strip() for name in ("plan", "reason")}
    kind = str(sent.get("kind", ""))
    tenant, viewer = tenant_of(request), viewer_of(request)
    database = database_of(request)
    asked = Asked(
        RequestKind(kind) if kind in {one.value for one in RequestKind} else RequestKind.EXPORT,
        request.path_params["id"],
        texts["reason"],
        texts["plan"],
    )
    try:
        if "sure" not in sent:
            raise BadRequest("Look through what was found first.", at="/sure")
        async with database.write(tenant, viewer, cause_of(request)) as tx:
            made = await requests.ask(tx, asked)
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return await _show(request, tx, texts["reason"], error.problems)
    return RedirectResponse(f"{ADDRESS}/requests/{made.text}", 303)


async def show_request_page(request: Request) -> Response:
    """GET /admin/privacy/requests/{id}: what came of a request."""
    text = request.path_params["id"]
    try:
        prefix, number = parse_id(text)
    except BadId as error:
        raise UnknownRequest(f"There is no request {text[:80]}.") from error
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        one = await requests.get_request(tx, number if prefix == requests.PREFIX else 0)
        title = f"Request {one.text}"
        return page(
            request,
            tx,
            Place(title, "setup", (SETUP, CRUMB, Crumb(one.text))),
            "privacy_request.html",
            one=request_line(tx, one),
            report=one.report,
            records=_pairs(one.report, "records"),
            places=[(name, count) for name, count in _pairs(one.report, "places") if count],
            left=_sum(_pairs(one.report, "left")),
            digest=one.digest,
            finished_at=one.finished_at,
            told=_problems(one.problems),
        )


async def _show(
    request: Request, tx: Transaction, reason: str = "", problems: tuple[Problem, ...] = ()
) -> Response:
    found = await requests.look_at(tx, request.path_params["id"])
    return page(
        request,
        tx,
        Place(found.person.name, "setup", (SETUP, CRUMB, Crumb(found.person.name))),
        "privacy_person.html",
        422 if problems else 200,
        person=found.person,
        found=[_line(one) for one in found.found[:_MOST_SHOWN]],
        more=max(0, len(found.found) - _MOST_SHOWN),
        counts=_counts(found),
        held=len(found.held),
        definitions=found.definitions,
        plan=found.digest,
        reason=reason,
        problems=problems,
    )


def _line(one: Found) -> dict[str, Any]:
    return {
        "id": one.text,
        "object": one.object.name,
        "label": one.object.label,
        "name": one.title or one.text,
        "how": _HOW[one.how],
        "outcome": _OUTCOMES[one.outcome],
        "in_bin": one.in_bin,
    }


def _counts(found: Dossier) -> dict[str, int]:
    erased = sum(one.outcome is Outcome.ERASE for one in found.found)
    return {"erased": erased, "redacted": len(found.found) - erased}


def _pairs(report: Any, key: str) -> list[tuple[str, Any]]:
    part = report.get(key) if isinstance(report, dict) else None
    return list(part.items()) if isinstance(part, dict) else []


def _sum(pairs: list[tuple[str, Any]]) -> int:
    return sum(count for _, count in pairs)


def _problems(told: Json) -> list[str]:
    found = told if isinstance(told, list | tuple) else ()
    return [str(one.get("message", "")) for one in found if isinstance(one, dict)]
