"""Endpoints for operators: /api/platform/tenants: the tenants and their lives."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import (
    MOST_PER_PAGE,
    PAGE_SIZE,
    BadJson,
    BadParameter,
    json_response,
    read_object,
    read_optional_object,
    whole_number,
)
from fieldstone.api.usage import usage_of
from fieldstone.errors import Conflict
from fieldstone.metadata.values import Json, JsonObject, read_json
from fieldstone.platform.operators_log import PlatformFilter, load_operations
from fieldstone.platform.tenant_purge import is_purge_under_way, request_tenant_purge
from fieldstone.platform.tenants import DELETE, RESUME, SUSPEND, UNDELETE, Step, Tenants
from fieldstone.runtime.asking import database_of
from fieldstone.runtime.tenants import DELETED, PLATFORM, PURGING
from fieldstone.runtime.terms import read_features, read_limits
from fieldstone.runtime.transactions import Viewer
from fieldstone.runtime.usage_proof import prove_usage

_LONGEST_LABEL: Final = 120
_LONGEST_REASON: Final = 500
_NEWEST: Final = 2**63 - 1
_PROOF_S: Final = 600.0


class AlreadyPurging(Conflict):
    """A job purges the tenant already."""

    code = "tenant.already_purging"


async def list_tenants(request: Request) -> Response:
    """GET /api/platform/tenants: every tenant, in order of its making."""
    limit = whole_number(request, "limit", MOST_PER_PAGE, MOST_PER_PAGE)
    after = whole_number(request, "cursor", 0, 2**31 - 1, least=0)
    found = await tenants_of(request).list(after, limit + 1)
    following = found[limit - 1]["id"] if len(found) > limit else None
    return json_response({"tenants": [shown(one) for one in found[:limit]], "next": following})


async def create_tenant(request: Request) -> Response:
    """POST /api/platform/tenants: {"name", "label"?, "plan"?} makes a tenant with the CRM in it."""
    body = await read_object(request)
    name, label = body.get("name"), _label(body)
    if not isinstance(name, str):
        raise BadJson("A tenant needs a name.", at="/name")
    plan = _text(body, "plan")
    await tenants_of(request).create(name, label or name, plan, operator_of(request))
    return json_response(shown(await tenants_of(request).load(name)), 201)


async def show_tenant(request: Request) -> Response:
    """GET /api/platform/tenants/{name}: one tenant, whatever its state."""
    return json_response(shown(await tenants_of(request).load(name_of(request))))


async def change_tenant(request: Request) -> Response:
    """PATCH /api/platform/tenants/{name}: label, plan, and limits and features of its own.

    A limit or feature that is null is again that of the plan.
    """
    body = await read_object(request)
    limits, features = body.get("limits"), body.get("features")
    found = await tenants_of(request).change(
        name_of(request),
        operator_of(request),
        label=_label(body),
        plan=_text(body, "plan"),
        limits=None if limits is None else read_limits(limits),
        features=None if features is None else read_features(features),
    )
    return json_response(shown(found))


async def suspend_tenant(request: Request) -> Response:
    """POST /api/platform/tenants/{name}/suspend: {"reason"?}: nobody gets in, and its jobs wait.

    The reason is told to whoever tries.
    """
    return await _move(request, SUSPEND, await _reason(request))


async def resume_tenant(request: Request) -> Response:
    """POST /api/platform/tenants/{name}/resume: let people in again."""
    return await _move(request, RESUME)


async def delete_tenant(request: Request) -> Response:
    """DELETE /api/platform/tenants/{name}: it can be brought back until it is purged.

    now=yes has a job purge it at once.
    """
    name, at_once = name_of(request), _yes(request, "now")
    tenants = tenants_of(request)
    found = await tenants.load(name)
    if not (at_once and found["status"] in (DELETED, PURGING)):
        found = await tenants.move(name, DELETE, operator_of(request), await _reason(request))
    job = await _purge(request, found) if at_once else None
    return json_response({**shown(found), "job": job}, 202 if at_once else 200)


async def undelete_tenant(request: Request) -> Response:
    """POST /api/platform/tenants/{name}/undelete: bring a deleted tenant back as it was."""
    return await _move(request, UNDELETE)


async def list_tenant_events(request: Request) -> Response:
    """GET /api/platform/tenants/{name}/events: what operators did to a tenant, newest first."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    before = whole_number(request, "cursor", _NEWEST, _NEWEST)
    found = await tenants_of(request).load(name_of(request))
    wanted = PlatformFilter(number=found["id"])
    events = await load_operations(request.app.state.engine.pool, wanted, before, limit + 1)
    told = [
        {
            "what": one["what"],
            "by": one["by_whom"],
            "at": one["at"].isoformat(),
            "details": read_json(one["details"]),
        }
        for one in events[:limit]
    ]
    following = str(events[limit - 1]["log_seq"]) if len(events) > limit else None
    return json_response({"events": told, "next": following})


async def show_usage(request: Request) -> Response:
    """GET /api/platform/tenants/{name}/usage: what a tenant uses of what it may use.

    reconcile=yes proves that ledger, change log and tables say the same, which may take long.
    """
    wanted = _yes(request, "reconcile")
    tenant = await tenants_of(request).find(name_of(request))
    database, operator = database_of(request), Viewer(None, operator_of(request))
    async with database.snapshot(tenant, operator, statement_timeout_s=_PROOF_S) as tx:
        proof = await prove_usage(tx) if wanted else None
        return json_response({**await usage_of(tx), "proof": proof})


async def _purge(request: Request, found: dict[str, Any]) -> int:
    operator = Viewer(None, operator_of(request))
    async with database_of(request).write(PLATFORM, operator) as tx:
        if await is_purge_under_way(tx, found["id"]):
            raise AlreadyPurging(f"A job purges {found['name']} already.")
        return await request_tenant_purge(tx, found["id"], found["name"])


async def _move(request: Request, step: Step, why: str = "") -> Response:
    found = await tenants_of(request).move(name_of(request), step, operator_of(request), why)
    return json_response(shown(found))


async def _reason(request: Request) -> str:
    why = _text(await read_optional_object(request), "reason") or ""
    if len(why) > _LONGEST_REASON:
        raise BadJson(f"A reason has up to {_LONGEST_REASON} characters.", at="/reason")
    return why


def tenants_of(request: Request) -> Tenants:
    """Give what makes and changes tenants."""
    tenants: Tenants = request.app.state.engine.tenants
    return tenants


def operator_of(request: Request) -> str:
    """Give the name of the operator who asks, whom the middleware let in."""
    name: str = request.state.operator
    return name


def name_of(request: Request) -> str:
    """Give the name of a tenant in an address."""
    name: str = request.path_params["name"]
    return name


def shown(row: dict[str, Any]) -> dict[str, Json]:
    """Give a tenant as operators see it."""
    deleted = row["deleted_at"]
    return {
        "name": row["name"],
        "label": row["label"],
        "status": row["status"],
        "reason": row["reason"],
        "plan": row["plan"],
        "limits": read_json(row["limits"]),
        "features": read_json(row["features"]),
        "created_at": row["created_at"].isoformat(),
        "deleted_at": None if deleted is None else deleted.isoformat(),
    }


def _label(body: JsonObject) -> str | None:
    label = _text(body, "label")
    if label is not None and not 0 < len(label) <= _LONGEST_LABEL:
        raise BadJson(f"A label has up to {_LONGEST_LABEL} characters.", at="/label")
    return label


def _text(body: JsonObject, key: str) -> str | None:
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise BadJson(f"{key} must be a text.", at=f"/{key}")
    return value


def _yes(request: Request, name: str) -> bool:
    text = request.query_params.get(name, "no").lower()
    if text not in {"yes", "no"}:
        raise BadParameter(f"{name} must be yes or no.", at=f"/{name}")
    return text == "yes"


_ONE: Final = "/api/platform/tenants/{name}"
ROUTES: Final = (
    Route("/api/platform/tenants", list_tenants, methods=["GET"]),
    Route("/api/platform/tenants", create_tenant, methods=["POST"]),
    Route(_ONE, show_tenant, methods=["GET"]),
    Route(_ONE, change_tenant, methods=["PATCH"]),
    Route(_ONE, delete_tenant, methods=["DELETE"]),
    Route(f"{_ONE}/suspend", suspend_tenant, methods=["POST"]),
    Route(f"{_ONE}/resume", resume_tenant, methods=["POST"]),
    Route(f"{_ONE}/undelete", undelete_tenant, methods=["POST"]),
    Route(f"{_ONE}/usage", show_usage, methods=["GET"]),
    Route(f"{_ONE}/events", list_tenant_events, methods=["GET"]),
)
