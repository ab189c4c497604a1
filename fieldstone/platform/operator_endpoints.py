"""Endpoints for operators beside those of tenants: plans, their own tokens, the platform's jobs."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Text, delete, exists, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.jobs import job_number, show_job
from fieldstone.api.requests import BadJson, json_response, read_object
from fieldstone.errors import Conflict, NotFound
from fieldstone.ids import BadId, format_id, parse_id
from fieldstone.metadata.field_types.datetime import read_instant, write_instant
from fieldstone.metadata.tables import PLAN, TENANT
from fieldstone.metadata.values import Json, JsonObject, read_json, write_json
from fieldstone.platform.identity.operators import MOST_TOKENS, TOKEN_PREFIX, Operators
from fieldstone.platform.operators_log import note_operation
from fieldstone.platform.tenant_endpoints import operator_of
from fieldstone.runtime.asking import database_of
from fieldstone.runtime.jobs import Job, load_job, load_jobs, request_cancel
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.tenants import PLATFORM
from fieldstone.runtime.terms import FEATURES, MEANINGS, UNLIMITED, read_features, read_limits
from fieldstone.runtime.transactions import Viewer

_PLAN_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_LONGEST_NAME: Final = 120
_MOST_JOBS: Final = 200
_NEWEST: Final = 2**63 - 1
_NAME: Final = parameter("name", Text())
_PLANS: Final = prepare(select(PLAN).order_by(PLAN.c.name))
_PUT: Final = insert(PLAN).values(
    name=_NAME,
    label=parameter("label", Text()),
    limits=parameter("limits", JSONB()),
    features=parameter("features", JSONB()),
)
_PUT_PLAN: Final = prepare(
    _PUT.on_conflict_do_update(
        index_elements=["name"],
        set_={key: _PUT.excluded[key] for key in ("label", "limits", "features")},
    )
)
_DROP_PLAN: Final = prepare(
    delete(PLAN)
    .where(PLAN.c.name == _NAME, ~exists().where(TENANT.c.plan == PLAN.c.name))
    .returning(PLAN.c.name)
)


class PlanInUse(Conflict):
    """Tenants have this plan, or it is the one that limits nothing."""

    code = "plan.in_use"


class UnknownOperatorToken(NotFound):
    """No operator's token has this id."""

    code = "access.unknown_operator_token"


async def list_plans(request: Request) -> Response:
    """GET /api/platform/plans: the plans, and what limits and features there are."""
    rows = await _run(request, _PLANS)
    return json_response(
        {
            "plans": [_shown_plan(row) for row in rows],
            "limits": {name.value: meaning for name, meaning in MEANINGS.items()},
            "features": {name.value: meaning for name, meaning in FEATURES.items()},
        }
    )


async def put_plan(request: Request) -> Response:
    """PUT /api/platform/plans/{name}: {"label"?, "limits", "features"} makes or changes a plan.

    It holds at once for all tenants that have it.
    """
    name, body = request.path_params["name"], await read_object(request)
    if not _PLAN_NAME.fullmatch(name):
        raise BadJson("A plan's name has lower-case letters, digits, - and _.", at="/name")
    if name == UNLIMITED:
        raise PlanInUse("The plan unlimited limits nothing, and stays so.")
    label = body.get("label", name)
    if not isinstance(label, str) or not 0 < len(label) <= _LONGEST_NAME:
        raise BadJson(f"A label has up to {_LONGEST_NAME} characters.", at="/label")
    limits, features = read_limits(body.get("limits", {})), read_features(body.get("features", {}))
    terms: dict[str, JsonObject] = {
        "limits": {key: one for key, one in limits.items() if one is not None},
        "features": {key: one for key, one in features.items() if one is not None},
    }
    written = {key: write_json(one) for key, one in terms.items()}
    async with _noting(request, "plan_set", {"plan": name, "label": label, **terms}) as connection:
        values = {"name": name, "label": label, **written}
        await connection.fetch(_PUT_PLAN.sql, *_PUT_PLAN.arguments(values))
    [row] = [row for row in await _run(request, _PLANS) if row["name"] == name]
    return json_response(_shown_plan(row))


async def delete_plan(request: Request) -> Response:
    """DELETE /api/platform/plans/{name}: remove a plan that no tenant has."""
    name = request.path_params["name"]
    async with _noting(request, "plan_removed", {"plan": name}) as connection:
        gone = await connection.fetch(_DROP_PLAN.sql, *_DROP_PLAN.arguments({"name": name}))
        if name == UNLIMITED or not gone:
            raise PlanInUse(
                f"There is no plan {name[:80]!r} that could go.", hint="Tenants may have it."
            )
    return Response(status_code=204)


async def list_operator_tokens(request: Request) -> Response:
    """GET /api/platform/tokens: the tokens of operators, the newest first, without their texts."""
    found = await _operators(request).list_tokens()
    shown = [
        {
            "id": format_id(TOKEN_PREFIX, one["id"]),
            "name": one["name"],
            "created_at": write_instant(one["created_at"]),
            "used_at": _instant(one["used_at"]),
            "expires_at": _instant(one["expires_at"]),
        }
        for one in found
    ]
    return json_response({"tokens": shown})


async def create_operator_token(request: Request) -> Response:
    """POST /api/platform/tokens: {"name", "expires_at"?}: the token's text is told once."""
    body = await read_object(request)
    name, until = body.get("name"), body.get("expires_at")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        raise BadJson(f"A token has a name of up to {_LONGEST_NAME} characters.", at="/name")
    operators = _operators(request)
    if len(await operators.list_tokens()) >= MOST_TOKENS:
        raise Conflict(f"There are {MOST_TOKENS} tokens already.", hint="Take one back first.")
    until_at = _future(until, operators.clock.now())
    number, text = await operators.make_token(name, until_at, operator_of(request))
    return json_response({"id": format_id(TOKEN_PREFIX, number), "token": text}, 201)


async def delete_operator_token(request: Request) -> Response:
    """DELETE /api/platform/tokens/{id}: take a token back."""
    number = _token_number(request.path_params["id"])
    if number is None or not await _operators(request).revoke_token(number, operator_of(request)):
        raise UnknownOperatorToken("There is no such token.")
    return Response(status_code=204)


def _token_number(text: str) -> int | None:
    try:
        prefix, number = parse_id(text)
    except BadId:
        return None
    return number if prefix == TOKEN_PREFIX else None


async def list_platform_jobs(request: Request) -> Response:
    """GET /api/platform/jobs: the platform's own jobs, the newest first."""
    async with database_of(request).read(PLATFORM, _viewer(request)) as tx:
        found = await load_jobs(tx, before=_NEWEST, most=_MOST_JOBS)
    return json_response({"jobs": [_shown_job(job) for job in found]})


async def show_platform_job(request: Request) -> Response:
    """GET /api/platform/jobs/{id}: one of them, with its result once it has ended."""
    async with database_of(request).read(PLATFORM, _viewer(request)) as tx:
        job = await load_job(tx, job_number(request))
    return json_response(_shown_job(job))


async def cancel_platform_job(request: Request) -> Response:
    """POST /api/platform/jobs/{id}/cancel: ask it to end; it stops at its next step."""
    number = job_number(request)
    async with database_of(request).write(PLATFORM, _viewer(request)) as tx:
        job = await request_cancel(tx, number)
        by_whom = operator_of(request)
        await note_operation(tx.connection, "job_cancelled", by_whom, {"job": number})
    return json_response(_shown_job(job))


@asynccontextmanager
async def _noting(
    request: Request, what: str, details: Mapping[str, Json]
) -> AsyncGenerator[Any, None]:
    """Lend a connection, and note in its transaction what the operator does with it."""
    async with request.app.state.engine.pool.acquire() as connection, connection.transaction():
        yield connection
        await note_operation(connection, what, operator_of(request), details)


async def _run(request: Request, statement: Prepared, **values: Any) -> list[Any]:
    pool = request.app.state.engine.pool
    rows: list[Any] = await pool.fetch(statement.sql, *statement.arguments(values))
    return rows


def _operators(request: Request) -> Operators:
    operators: Operators = request.app.state.operators
    return operators


def _viewer(request: Request) -> Viewer:
    return Viewer(None, operator_of(request))


def _shown_job(job: Job) -> dict[str, Json]:
    return {**show_job(job), "url": f"/api/platform/jobs/{job.id}"}


def _shown_plan(row: Any) -> dict[str, Json]:
    return {
        "name": row["name"],
        "label": row["label"],
        "limits": read_json(row["limits"]),
        "features": read_json(row["features"]),
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else write_instant(at)


def _future(text: Json, now: datetime) -> datetime | None:
    if text is None:
        return None
    at = read_instant(text)
    if at <= now:
        raise BadJson("expires_at must be an instant that is still to come.", at="/expires_at")
    return at


ROUTES: Final = (
    Route("/api/platform/plans", list_plans, methods=["GET"]),
    Route("/api/platform/plans/{name}", put_plan, methods=["PUT"]),
    Route("/api/platform/plans/{name}", delete_plan, methods=["DELETE"]),
    Route("/api/platform/tokens", list_operator_tokens, methods=["GET"]),
    Route("/api/platform/tokens", create_operator_token, methods=["POST"]),
    Route("/api/platform/tokens/{id}", delete_operator_token, methods=["DELETE"]),
    Route("/api/platform/jobs", list_platform_jobs, methods=["GET"]),
    Route("/api/platform/jobs/{id}", show_platform_job, methods=["GET"]),
    Route("/api/platform/jobs/{id}/cancel", cancel_platform_job, methods=["POST"]),
)
