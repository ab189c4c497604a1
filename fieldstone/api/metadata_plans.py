"""Endpoints that change metadata in two steps, tell its history, and undo: /api/metadata/….

A change set is planned first; the answer tells all that would happen and has a digest. Applied with
that digest, it does just that, or is refused because something else has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import (
    BULK_LIMIT_BYTES,
    MOST_PER_PAGE,
    BadJson,
    json_response,
    read_object,
    read_optional_object,
    whole_number,
)
from fieldstone.errors import Problem, Several
from fieldstone.ids import format_id
from fieldstone.metadata.change_sets import PARTS, read_change_set
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.differences import differences
from fieldstone.metadata.kinds.registry import get_kind
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.change_impact import losses_of
from fieldstone.runtime.metadata_changes import Applied, load_components
from fieldstone.runtime.metadata_history import (
    UNDO,
    LoggedChange,
    UnknownChange,
    get_change,
    list_changes,
)
from fieldstone.runtime.metadata_plans import PlannedChange, apply_planned, plan_change
from fieldstone.runtime.packages.undoing import apply_undo, plan_undo
from fieldstone.runtime.transactions import Transaction
from fieldstone.runtime.where_used import where_used

_DIGEST: Final = "digest"
_CONFIRM: Final = "confirm"
_LAST: Final = 2**62


async def plan_metadata(request: Request) -> Response:
    """POST /api/metadata/plan: tell what a change set, or undoing a change, would do."""
    said = await read_object(request, BULK_LIMIT_BYTES)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        version = _undone(said)
        if version is None:
            planned = await plan_change(tx, await _proposed(tx, said))
        else:
            planned = await plan_undo(tx, version)
        return json_response(shown_plan(planned))


def shown_plan(planned: PlannedChange) -> dict[str, Json]:
    """Give a plan as callers see it."""
    return {
        "digest": planned.digest,
        "version": planned.version,
        "changes": [shown_change(one) for one in planned.plan.changes],
        "impact": [one.as_json() for one in planned.impact],
        "conversions": [one.as_json() for one in planned.outcomes],
        "touches": [one.as_json() for one in planned.touched],
        "confirm": losses_of(planned.impact),
    }


async def apply_metadata(request: Request) -> Response:
    """POST /api/metadata/apply: apply a change set, if it still does what was planned."""
    said = await read_object(request, BULK_LIMIT_BYTES)
    if _DIGEST not in said:
        raise BadJson(
            "digest is missing.", at="/digest", hint="Plan first; the answer tells the digest."
        )
    return await _apply(request, said)


async def undo_change(request: Request) -> Response:
    """POST /api/metadata/undo/{version}: put back what a change made different."""
    said = await read_optional_object(request)
    other = sorted(set(said) - {_DIGEST, _CONFIRM})
    if other:
        raise BadJson(f"{other[0]} has no place here.", at=f"/{other[0]}")
    return await _apply(request, {**said, UNDO: _version(request)})


async def list_metadata_changes(request: Request) -> Response:
    """GET /api/metadata/changes: the changes of metadata, newest first."""
    limit = whole_number(request, "limit", MOST_PER_PAGE // 40, MOST_PER_PAGE // 4)
    before = whole_number(request, "cursor", _LAST, _LAST)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        changes, following = await list_changes(tx, limit, before)
        shown = [_entry(tx, one) for one in changes]
        return json_response(
            {"changes": shown, "next": None if following is None else str(following)}
        )


async def get_metadata_change(request: Request) -> Response:
    """GET /api/metadata/changes/{version}: all that one change made different."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return json_response(_entry(tx, await get_change(tx, _version(request))))


async def get_where_used(request: Request) -> Response:
    """GET /api/metadata/where-used/{kind}/{name}: the components that name a component."""
    kind, name = get_kind(request.path_params["kind"]).name, request.path_params["name"]
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await where_used(tx, kind, name)
    uses = [{"kind": one.kind, "name": one.name, "places": one.places} for one in found.uses]
    return json_response(
        {"kind": kind, "name": found.component.name, "uses": uses, "queries": found.queries}
    )


async def _apply(request: Request, said: JsonObject) -> Response:
    digest = said.get(_DIGEST)
    if digest is not None and not isinstance(digest, str):
        raise BadJson("digest must be a text.", at="/digest")
    confirmed = _confirmed(said.get(_CONFIRM))
    version = _undone(said)
    cause = {**cause_of(request), **({} if version is None else {UNDO: version})}
    async with database_of(request).change_metadata(
        tenant_of(request), viewer_of(request), cause
    ) as tx:
        if version is None:
            proposal = await _proposed(tx, said)
            applied = await apply_planned(tx, proposal, digest, confirmed, may_take_long=True)
        else:
            applied = await apply_undo(tx, version, digest, confirmed)
    return json_response(_outcome(applied)) if applied.job is None else left_to_job(applied.job)


def left_to_job(job: int) -> Response:
    """Answer that a job applies a change, and that nothing has changed yet."""
    return json_response({"job": job, "url": f"/api/jobs/{job}"}, 202)


def _outcome(applied: Applied) -> JsonObject:
    return {
        "version": applied.catalog.version,
        "changes": [shown_change(one) for one in applied.plan.changes],
    }


def _parts(said: JsonObject) -> dict[str, Json]:
    return {key: value for key, value in said.items() if key not in (_DIGEST, _CONFIRM)}


async def _proposed(tx: Transaction, said: JsonObject) -> Proposal:
    """Read a change set."""
    return read_change_set(_parts(said), await load_components(tx))


def _undone(said: JsonObject) -> int | None:
    """Give the number of the change that is to be undone; None where a change set is sent."""
    parts = _parts(said)
    if UNDO not in parts:
        return None
    if len(parts) > 1:
        names = ", ".join(PARTS)
        raise BadJson(f"Beside undo there may be none of {names}.", at="/undo")
    version = parts[UNDO]
    if isinstance(version, bool) or not isinstance(version, int) or not 0 < version < _LAST:
        raise BadJson("undo must be the number of a change.", at="/undo")
    return version


def _confirmed(said: Json) -> Mapping[str, int]:
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise BadJson(
            'confirm must be a JSON object, such as {"field:Deal.note": 12}.', at="/confirm"
        )
    wrong = [
        Problem(BadJson.code, "The count must be a whole number.", f"/confirm/{key}")
        for key, count in said.items()
        if isinstance(count, bool) or not isinstance(count, int)
    ]
    if wrong:
        raise Several(wrong)
    counts: dict[str, Any] = dict(said)
    return counts


def _version(request: Request) -> int:
    text = request.path_params["version"]
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise UnknownChange(f"There is no change {text[:20]}.")
    return int(text)


def _entry(tx: Transaction, one: LoggedChange) -> JsonObject:
    prefix = tx.catalog.get_object("User").prefix
    return {
        "version": one.version,
        "at": one.at.isoformat(),
        "by": None if one.actor is None else format_id(prefix, one.actor),
        "by_name": one.actor_name,
        "cause": one.cause,
        "count": one.count,
        "changes": [shown_change(change) for change in one.changes],
    }


def shown_change(change: ComponentChange) -> JsonObject:
    """Give a change of a component as callers see it."""
    component = change.after or change.before
    assert component is not None
    shown: dict[str, Json] = {
        "operation": change.operation,
        "kind": component.kind,
        "name": component.name,
        "package": component.package,
    }
    if change.before is not None and change.before.name != component.name:
        shown["name_before"] = change.before.name
    if change.operation == "change":
        shown["differences"] = [one.as_json() for one in differences(change)]
    elif component.body:
        shown["body"] = component.body
    return shown


ROUTES: Final = (
    Route("/api/metadata/plan", plan_metadata, methods=["POST"]),
    Route("/api/metadata/apply", apply_metadata, methods=["POST"]),
    Route("/api/metadata/undo/{version}", undo_change, methods=["POST"]),
    Route("/api/metadata/changes", list_metadata_changes, methods=["GET"]),
    Route("/api/metadata/changes/{version}", get_metadata_change, methods=["GET"]),
    Route("/api/metadata/where-used/{kind}/{name}", get_where_used, methods=["GET"]),
)
