"""Endpoints that bring packages of Salesforce: /api/salesforce-packages/plan, import and more.

They take the zip of a package. The plan tells all that bringing it would do and what becomes of
each of its parts, and has a digest; bringing it with that digest does just that, or is refused.
The sample data that lies in it is loaded afterwards, by /sample-data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.metadata_plans import left_to_job, shown_plan
from fieldstone.api.requests import BadJson, BadParameter, json_response
from fieldstone.api.uploads import read_upload
from fieldstone.errors import Forbidden
from fieldstone.integrations.salesforce.archive import read_zip
from fieldstone.integrations.salesforce.importing import (
    Wanted,
    apply_import,
    package_name,
    plan_import,
)
from fieldstone.integrations.salesforce.items import read_source
from fieldstone.integrations.salesforce.loading import load_sample
from fieldstone.integrations.salesforce.report import Line, totals
from fieldstone.integrations.salesforce.sample_data import read_sample_data
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.merging import Choice
from fieldstone.metadata.rights import Action, SetupArea
from fieldstone.metadata.values import JsonObject
from fieldstone.runtime.asking import cause_of, database_of, give_time, tenant_of, viewer_of
from fieldstone.runtime.long_texts import LONG, worked_out
from fieldstone.runtime.transactions import Transaction

LIMIT_BYTES: Final = 100_000_000
LASTS_S: Final = 300.0


async def plan_salesforce(request: Request) -> Response:
    """POST /api/salesforce-packages/plan: tell what bringing a package of Salesforce would do."""
    wanted, _ = await _read(request)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await plan_import(tx, wanted)
    return json_response(
        {
            "package": wanted.name,
            **shown_plan(found.planned),
            "changes": [shown_change(one) for one in found.planned.plan.changes],
            "conflicts": [one.as_json() for one in found.conflicts],
            "report": shown_report(found.lines),
        }
    )


async def import_salesforce(request: Request) -> Response:
    """POST /api/salesforce-packages/import: bring a package of Salesforce, as it was planned."""
    wanted, form = await _read(request)
    digest = form.get("digest") or None
    cause = {**cause_of(request), "salesforce_package": wanted.name}
    database = database_of(request)
    async with database.change_metadata(tenant_of(request), viewer_of(request), cause) as tx:
        done = await apply_import(tx, wanted, digest, _read_json(form, "confirm", int))
    if done.applied.job is not None:
        return left_to_job(done.applied.job)
    return json_response(
        {
            "package": wanted.name,
            "version": done.applied.catalog.version,
            "changes": [shown_change(one) for one in done.applied.plan.changes],
            "report": shown_report(done.lines),
        }
    )


async def load_sample_data(request: Request) -> Response:
    """POST /api/salesforce-packages/sample-data: make the records that a package brings along.

    All or none; what is there already is found. The zip needs nothing else in it.
    """
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        _check_import(tx)
    give_time(request.scope, LASTS_S)
    limit_bytes = min(LIMIT_BYTES, request.app.state.settings.import_limit_bytes)
    async with read_upload(request, limit_bytes) as form:
        content = await form.upload.read()
    rows = await worked_out(lambda: read_sample_data(read_zip(content)), LONG + len(content))
    cause = cause_of(request)
    async with database_of(request).write(tenant_of(request), viewer_of(request), cause) as tx:
        _check_import(tx)
        done = await load_sample(tx, rows)
    names = sorted(done.made | done.found)
    objects = {one: {"made": done.made[one], "found": done.found[one]} for one in names}
    return json_response({"objects": objects, "notes": list(done.notes)})


def shown_report(lines: tuple[Line, ...]) -> JsonObject:
    """Give a fidelity report as callers see it, with how many parts there are of each outcome."""
    return {
        "outcomes": dict(Counter(str(line.outcome) for line in lines)),
        "types": {name: dict(counts) for name, counts in totals(lines).items()},
        "parts": [line.as_json() for line in lines],
    }


def shown_change(change: ComponentChange) -> JsonObject:
    """Give a change by what it is about; packages have too many of them for all that they say."""
    component = change.after or change.before
    assert component is not None
    return {"operation": change.operation, "kind": component.kind, "name": component.name}


async def _read(request: Request) -> tuple[Wanted, Mapping[str, str]]:
    """Read the package that is wanted by a form, and the form's fields."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        if not tx.rights.may_set_up(SetupArea.OBJECTS):
            raise Forbidden("You may not change objects and fields.")
    give_time(request.scope, LASTS_S)
    limit_bytes = min(LIMIT_BYTES, request.app.state.settings.import_limit_bytes)
    async with read_upload(request, limit_bytes) as form:
        content = await form.upload.read()
    fields = form.fields
    prefer = fields.get("prefer") or Choice.OURS
    if prefer not in tuple(Choice):
        raise BadParameter("prefer must be ours or theirs.", at="/prefer")
    named = fields.get("name", "").strip(), form.upload.filename or ""
    wanted = await wanted_of(content, *named, Choice(prefer))
    return replace(wanted, choices=_read_json(fields, "choices", Choice)), fields


def _check_import(tx: Transaction) -> None:
    if not tx.rights.may_do(Action.IMPORT):
        raise Forbidden("You may not import records.")


async def wanted_of(content: bytes, name: str, file_name: str, prefer: Choice) -> Wanted:
    """Read the zip of a package. name: what it shall be called here; "" where it tells itself."""
    # However short a zip is, what it unpacks to may be long.
    source = await worked_out(lambda: read_source(read_zip(content)), LONG + len(content))
    return Wanted(source, package_name(source, name, file_name), prefer)


_FORMS: Final = {
    "confirm": ("counts", 'Write confirm={"field:Deal.note": 12}.'),
    "choices": ("sides", 'Write choices={"field:Deal.note#/label": "theirs"}.'),
}
"""What the fields of the form hold that are JSON objects, each with an example."""

Said = TypeVar("Said", int, Choice)


def _read_json(form: Mapping[str, str], name: str, values: type[Said]) -> Mapping[str, Said]:
    """Read a field of a form that holds a JSON object; none where it is empty. Raises BadJson."""
    if not form.get(name):
        return {}
    try:
        return msgspec.json.decode(form[name], type=dict[str, values])  # type: ignore[valid-type]
    except msgspec.DecodeError:
        noun, hint = _FORMS[name]
        raise BadJson(
            f"{name} must be a JSON object of {noun}.", at=f"/{name}", hint=hint
        ) from None


ROUTES: Final = (
    Route("/api/salesforce-packages/plan", plan_salesforce, methods=["POST"]),
    Route("/api/salesforce-packages/import", import_salesforce, methods=["POST"]),
    Route("/api/salesforce-packages/sample-data", load_sample_data, methods=["POST"]),
)
