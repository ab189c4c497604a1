"""/admin/audit: who did what, the newest first, and whether the logs still say what was sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.metadata.values import Json, write_json
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.audit.filters import FILTERS, read_filter, read_place
from fieldstone.runtime.audit.kinds import AuditKind
from fieldstone.runtime.audit.reading import audit_page, check_audit
from fieldstone.runtime.audit.showing import PREFIX, show_entries
from fieldstone.runtime.audit.verifying import (
    begin_verification,
    last_verification,
    sealed_up_to,
)
from fieldstone.runtime.jobs import Job
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.viewing import viewing_of

ADDRESS: Final = "/admin/audit"
_PAGE: Final = 50
_LONGEST: Final = 320
_LONGEST_VALUE: Final = 200
_KINDS: Final = (
    (AuditKind.SIGN_IN, "Sign-ins"),
    (AuditKind.ACCOUNT, "Accounts"),
    (AuditKind.PEOPLE, "People"),
    (AuditKind.PERMISSION, "Permissions"),
    (AuditKind.SHARING, "Sharing"),
    (AuditKind.METADATA, "Set-up"),
    (AuditKind.RECORD, "Records"),
    (AuditKind.EXPORT, "Exports"),
    (AuditKind.ACTING, "Acting as others"),
)


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """A line of the table. link: where the record is; "" for none. facts: names and values."""

    at: str
    what: str
    who: str
    about: str
    link: str
    address: str
    facts: Sequence[tuple[str, str]]
    is_sealed: bool


async def show_audit(request: Request) -> Response:
    """GET /admin/audit: entries with filters above them, and what the last verification found."""
    asked = {
        name: request.query_params.get(name, "")[:_LONGEST].strip() for name in (*FILTERS, "cursor")
    }
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_audit(tx)
        try:
            found = await audit_page(tx, await read_filter(tx, asked), _PAGE, read_place(asked))
        except Forbidden:
            raise
        except FieldstoneError as error:
            return await _page(request, tx, asked, (), problems=error.problems)
        shown = await show_entries(tx, found.rows, await sealed_up_to(tx))
        lines = [_line(one) for one in shown]
        following = "" if found.following is None else f"{PREFIX}_{found.following:x}"
        return await _page(request, tx, asked, lines, following)


async def verify(request: Request) -> Response:
    """POST /admin/audit/verify: have the logs compared with the seals over them."""
    await read_form(request)
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        await begin_verification(tx, {})
    response = RedirectResponse(ADDRESS, 303)
    put_flash(response, Flash("The audit is being verified"))
    return response


async def _page(
    request: Request,
    tx: Transaction,
    asked: Mapping[str, str],
    lines: Sequence[ShownEntry],
    following: str = "",
    *,
    problems: tuple[Problem, ...] = (),
) -> Response:
    filters = {name: value for name, value in asked.items() if value and name != "cursor"}
    return page(
        request,
        tx,
        Place("Audit", "setup", (SETUP, Crumb("Audit"))),
        "audit.html",
        422 if problems else 200,
        lines=lines,
        asked=asked,
        kinds=[(kind.value, label) for kind, label in _KINDS],
        objects=sorted(
            (obj.name, obj.label) for obj in tx.catalog.objects if tx.rights.may_read_object(obj.id)
        ),
        filtered=bool(filters),
        older=urlencode({**filters, "cursor": following}) if following else "",
        exported=urlencode(filters),
        verified=_verified(await last_verification(tx)),
        problems=problems,
        view=viewing_of(tx),
    )


def _verified(job: Job | None) -> dict[str, Any]:
    """Give what the last verification found, for the page. state: none, running, whole, broken."""
    if job is None:
        return {"state": "none"}
    if job.finished_at is None:
        return {"state": "running"}
    result = job.result or {}
    if "whole" not in result:
        return {"state": "failed"}
    return {
        "state": "whole" if result["whole"] else "broken",
        "at": job.finished_at.isoformat(),
        **result,
    }


def _line(entry: Mapping[str, Any]) -> ShownEntry:
    record = entry["record"]
    known = record is not None and entry["object"] is not None
    return ShownEntry(
        at=entry["at"],
        what=entry["what"].replace("_", " ").capitalize(),
        who=_person(entry["by"]) or "Nobody signed in",
        about=_about(entry),
        link=f"/admin/{entry['object']}/{record}" if known else "",
        address=entry["address"] or "",
        facts=tuple(_facts(entry)),
        is_sealed=entry["sealed"],
    )


def _person(person: Mapping[str, Any] | None) -> str:
    return "" if person is None else str(person["name"] or person["id"])


def _about(entry: Mapping[str, Any]) -> str:
    component = entry["component"]
    if component is not None:
        return f"{component['kind'].replace('_', ' ')} {component['name']}"
    if entry["record"] is not None:
        return f"{entry['object'] or ''} {entry['record']}".strip()
    return _person(entry["user"])


def _facts(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give what else is said of an entry, as names and values."""
    details: Mapping[str, Json] = entry["details"]
    changes = details.get("changes")
    if isinstance(changes, Mapping):
        return [(name, _both(one)) for name, one in changes.items() if isinstance(one, Mapping)]
    if entry["component"] is not None:
        return [(name, _text(details[name])) for name in ("before", "after") if details.get(name)]
    told = [(name.replace("_", " "), _text(one)) for name, one in details.items() if one]
    acting = entry["cause"].get("acting")
    return [*told, ("acting", _text(acting))] if acting else told


def _both(change: Mapping[str, Json]) -> str:
    before, after = change.get("before"), change.get("after")
    return _text(after) if before is None else f"{_text(before)} → {_text(after)}"


def _text(value: Json) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else write_json(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
