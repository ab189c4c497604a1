"""/admin/salesforce: bring a package of Salesforce, with its report before anything changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fieldstone.api.uploads import files_of, keep_upload
from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.ids import format_id
from fieldstone.integrations.salesforce.importing import (
    Imported,
    PlannedImport,
    Wanted,
    apply_import,
    plan_import,
)
from fieldstone.integrations.salesforce.report import Line, Outcome, totals
from fieldstone.metadata.merging import Choice
from fieldstone.metadata.rights import SetupArea
from fieldstone.platform.identity.door_forms import text_of
from fieldstone.platform.salesforce_endpoints import LASTS_S, LIMIT_BYTES, wanted_of
from fieldstone.runtime.asking import cause_of, database_of, give_time, tenant_of, viewer_of
from fieldstone.runtime.change_impact import losses_of
from fieldstone.runtime.files import PREFIX, FileTooLarge, file_number, load_file
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.pages.edit import opened_form
from fieldstone.ui_generator.pages.jobs import job_address
from fieldstone.ui_generator.pages.objects import SETUP, setup_cause
from fieldstone.ui_generator.pages.package_plans import shown_conflict
from fieldstone.ui_generator.plan_view import shown_plan
from fieldstone.ui_generator.shell import Crumb, Place, page

ADDRESS: Final = "/admin/salesforce"
_TITLE: Final = "Bring a Salesforce package"
_PLACE: Final = Place(_TITLE, "setup", (SETUP, Crumb("Packages", "/admin/packages"), Crumb(_TITLE)))
_SHOWN: Final = 300
_MOST_DIGITS: Final = 18
_CONFIRM: Final = "confirm:"
_CHOICE: Final = "choice:"
_TOLD: Final = "told:"
_WORDS: Final = {
    Outcome.FAILED: "Failed",
    Outcome.NOTED: "With a note",
    Outcome.NOT_APPLICABLE: "Not applicable",
    Outcome.IMPORTED: "Imported",
}
"""The outcomes as the page calls them, those first that want to be read."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """A package that was sent, and the file that keeps it."""

    file: str
    wanted: Wanted


async def show_import(request: Request) -> Response:
    """GET /admin/salesforce: where a package is chosen."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return _page(request, tx)


async def send_package(request: Request) -> Response:
    """POST /admin/salesforce: tell what a package would do, or bring the one that was told of."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        _check(tx)
    give_time(request.scope, LASTS_S)
    async with opened_form(request) as sent:
        upload, said = sent.get("file"), text_of(sent, "name").strip()
        try:
            if isinstance(upload, UploadFile) and upload.filename:
                kept = await keep_upload(request, upload, LIMIT_BYTES)
                number, brings = kept.id, False
            else:
                number, brings = file_number(text_of(sent, "kept")), _is_as_told(sent)
            theirs = text_of(sent, "prefer") == Choice.THEIRS
            prefer = Choice.THEIRS if theirs else Choice.OURS
            package = await _read(request, number, said, prefer)
            package = replace(package, wanted=replace(package.wanted, choices=_choices(sent)))
            if brings:
                return await _bring(request, package, sent)
            return await _tell(request, package)
        except Forbidden:
            raise
        except FieldstoneError as error:
            async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
                return _page(request, tx, error.problems, name=said)


async def _read(request: Request, number: int, said: str, prefer: Choice) -> _Sent:
    """Read the package in a file that the viewer sent."""
    tenant = tenant_of(request)
    async with database_of(request).read(tenant, viewer_of(request)) as tx:
        known = await load_file(tx, number)
    if known.size_bytes > LIMIT_BYTES:
        raise FileTooLarge(f"The file is larger than {LIMIT_BYTES:,} bytes.", at="/file")
    content = b"".join([chunk async for chunk in files_of(request).read(tenant.id, number)])
    wanted = await wanted_of(content, said, known.name, prefer)
    return _Sent(format_id(PREFIX, number), wanted)


async def _tell(request: Request, package: _Sent) -> Response:
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await plan_import(tx, package.wanted)
        return _page(request, tx, **_told(package, found))


def _told(package: _Sent, found: PlannedImport) -> dict[str, Any]:
    planned = found.planned
    return {
        "name": package.wanted.name,
        "kept": package.file,
        "digest": planned.digest,
        "view": shown_plan(planned),
        "losses": losses_of(planned.impact),
        "changes": planned.plan.changes,
        "conflicts": [shown_conflict(one) for one in found.conflicts[:_SHOWN]],
        "prefer": package.wanted.prefer,
        **_shown(found.lines),
    }


async def _bring(request: Request, package: _Sent, sent: FormData) -> Response:
    digest, confirmed = text_of(sent, "digest"), _confirmed(sent)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    cause = {**cause_of(request), **setup_cause(request), "salesforce_package": package.wanted.name}
    async with database.change_metadata(tenant, viewer, cause) as tx:
        done = await apply_import(tx, package.wanted, digest or None, confirmed)
    if done.applied.job is not None:
        return RedirectResponse(job_address(done.applied.job), 303)
    async with database.read(tenant, viewer) as tx:
        return _page(request, tx, **_done(package, done))


def _confirmed(sent: FormData) -> dict[str, int]:
    """Give which losses the page told of, and the form agrees to."""
    told = ((key, str(value)) for key, value in sent.items() if key.startswith(_CONFIRM))
    return {
        key.removeprefix(_CONFIRM): int(count)
        for key, count in told
        if count.isascii() and count.isdigit() and len(count) < _MOST_DIGITS
    }


def _choices(sent: FormData) -> dict[str, Choice]:
    """Give the side that is taken in each conflict that the page told of."""
    told = ((key, str(value)) for key, value in sent.items() if key.startswith(_CHOICE))
    sides = {one.value: one for one in Choice}
    return {key.removeprefix(_CHOICE): sides[side] for key, side in told if side in sides}


def _is_as_told(sent: FormData) -> bool:
    """Tell whether the page showed what comes of the sides that are chosen by now."""
    choices = _choices(sent)
    return all(text_of(sent, f"{_TOLD}{key}") == side for key, side in choices.items())


def _done(package: _Sent, done: Imported) -> dict[str, Any]:
    version = done.applied.catalog.version
    return {"name": package.wanted.name, "version": version, **_shown(done.lines)}


def _shown(lines: Sequence[Line]) -> dict[str, Any]:
    """Give a report as the page shows it: counts by type, and the parts that want a look first."""
    ranks = {outcome: rank for rank, outcome in enumerate(_WORDS)}
    telling = sorted((one for one in lines if one.notes), key=lambda one: ranks[one.outcome])
    return {
        "types": totals(lines),
        "lines": telling[:_SHOWN],
        "more": max(0, len(telling) - _SHOWN),
        "words": {str(outcome): word for outcome, word in _WORDS.items()},
    }


def _page(
    request: Request, tx: Transaction, problems: Sequence[Problem] = (), **values: Any
) -> Response:
    _check(tx)
    return page(
        request,
        tx,
        _PLACE,
        "salesforce.html",
        status=422 if problems else 200,
        problems=problems,
        **{"name": "", "prefer": "ours", "version": 0, "types": {}, **values},
    )


def _check(tx: Transaction) -> None:
    if not tx.rights.may_set_up(SetupArea.OBJECTS):
        raise Forbidden("You may not see how the system is set up.")


ROUTES: Final = (
    Route(ADDRESS, show_import),
    Route(ADDRESS, send_package, methods=["POST"]),
)
