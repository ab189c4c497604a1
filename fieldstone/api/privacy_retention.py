"""Endpoints for retention: what policies would do now, and doing it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import json_response, read_object
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.registry import RETENTION_POLICY
from fieldstone.metadata.retention import RetentionPolicy
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import try_metadata
from fieldstone.runtime.privacy.due import Due, count_due
from fieldstone.runtime.privacy.office import check_office
from fieldstone.runtime.privacy.retaining import request_retention
from fieldstone.runtime.transactions import Transaction


async def show_retention(request: Request) -> Response:
    """GET /api/privacy/retention: every policy, with what it would do now.

    The policies themselves are components of the kind retention_policy.
    """
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_office(tx)
        due = [await count_due(tx, one) for one in tx.catalog.retention]
        return json_response({"policies": [shown_due(tx, one) for one in due]})


async def preview_retention(request: Request) -> Response:
    """POST /api/privacy/retention/preview: what a policy would do that is not there yet.

    The body is that of a component of the kind retention_policy; nothing is kept of it.
    """
    body = await read_object(request)
    name = str(body.get("name") or "Preview")
    said = {key: value for key, value in body.items() if key not in ("name", "kind", "package")}
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_office(tx)
        proposal = Proposal(upserts=(Component(RETENTION_POLICY.name, name, said),))
        after = await try_metadata(tx, proposal)
        policy = next(one for one in after.retention if fold(one.name) == fold(name))
        return json_response(shown_due(tx, await count_due(tx, policy)))


async def run_retention_now(request: Request) -> Response:
    """POST /api/privacy/retention/run: carry the active policies out now, as a job."""
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        check_office(tx)
        job = await request_retention(tx)
    return json_response({"job": job, "url": f"/api/jobs/{job}"}, 202)


def shown_due(tx: Transaction, one: Due) -> dict[str, Json]:
    """Give a policy with what it would do, as JSON."""
    return {**_shown_policy(tx, one.policy), **_shown_count(one)}


def _shown_policy(tx: Transaction, one: RetentionPolicy) -> dict[str, Json]:
    obj = None if one.object_id is None else tx.catalog.by_id[one.object_id]
    return {
        "name": one.name,
        "label": one.label,
        "of": one.of.value,
        "object": None if obj is None else obj.name,
        "days": one.days,
        "action": one.fate.value if one.of.value == "records" else None,
        "active": one.active,
    }


def _shown_count(one: Due) -> dict[str, Json]:
    return {
        "before": one.cutoff.isoformat(),
        "due": one.count,
        "held": one.held,
        "oldest": None if one.oldest is None else one.oldest.isoformat(),
    }


_RETENTION: Final = "/api/privacy/retention"
ROUTES: Final = (
    Route(_RETENTION, show_retention, methods=["GET"]),
    Route(f"{_RETENTION}/preview", preview_retention, methods=["POST"]),
    Route(f"{_RETENTION}/run", run_retention_now, methods=["POST"]),
)
