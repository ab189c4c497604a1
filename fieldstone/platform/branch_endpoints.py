"""Endpoints for branches: /api/branches: make one, compare it, and merge it either way."""

from __future__ import annotations

from typing import Any, Final

from jsonschema import Draft202012Validator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.metadata_plans import shown_change, shown_plan
from fieldstone.api.openapi_branch_operations import MAKE_SCHEMA, MERGE_SCHEMA
from fieldstone.api.requests import BadJson, json_response, read_object, read_optional_object
from fieldstone.errors import Several
from fieldstone.ids import format_id
from fieldstone.metadata.merging import Choice
from fieldstone.metadata.schemas import problems_of
from fieldstone.metadata.values import JsonObject
from fieldstone.platform.branch_merging import Wish, branching_of, compare, do_merge, try_merge
from fieldstone.runtime.asking import database_of, give_time, tenant_of, viewer_of
from fieldstone.runtime.branches import Branch, get_branch, load_branches
from fieldstone.runtime.transactions import Transaction

_LASTS_S: Final = 300.0
_SAMPLES: Final = 20
_PARENT: Final = "parent"
_MAKING: Final = Draft202012Validator(MAKE_SCHEMA)
_MERGING: Final = Draft202012Validator(MERGE_SCHEMA)


async def list_branches(request: Request) -> Response:
    """GET /api/branches: the branches of the tenant."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        shown = [show_branch(tx, one) for one in await load_branches(tx)]
    return json_response({"branches": shown})


async def make_branch(request: Request) -> Response:
    """POST /api/branches: {"name", "samples"?} makes a branch with masked records.

    It is a tenant of its own. The invitation, for whoever makes it, is told once.
    """
    said: Any = await read_object(request)
    _check(_MAKING, said)
    give_time(request.scope, _LASTS_S)
    tenant, viewer = tenant_of(request), viewer_of(request)
    samples = said.get("samples", _SAMPLES)
    made = await branching_of(request).make(tenant, viewer, said["name"], samples)
    token = made.invitation
    async with database_of(request).read(tenant, viewer) as tx:
        shown = show_branch(tx, await get_branch(tx, made.name))
    invited = {
        "invitation": token,
        "address": None if token is None else f"/welcome/{token}",
        "records": made.records,
    }
    return json_response({**shown, **invited}, 201)


async def compare_branch(request: Request) -> Response:
    """GET /api/branches/{name}: what the branch made different, and what its parent did since."""
    found = await compare(request, _name(request))
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        shown = show_branch(tx, found.branch)
    return json_response(
        {
            **shown,
            "changes": [shown_change(one) for one in found.changes],
            "since": [shown_change(one) for one in found.since],
        }
    )


async def plan_merge(request: Request) -> Response:
    """POST /api/branches/{name}/plan: tell what merging would do, and where both sides disagree.

    into: "parent", or "branch" for bringing it up to date.
    """
    wish = _wish(await read_optional_object(request))
    give_time(request.scope, _LASTS_S)
    tried = await try_merge(request, _name(request), wish)
    merge, plan = tried.merge, tried.plan
    return json_response(
        {
            **shown_plan(plan),
            "conflicts": [one.as_json() for one in merge.conflicts],
            "missing_packages": list(merge.missing_packages),
        }
    )


async def merge_branch(request: Request) -> Response:
    """POST /api/branches/{name}/merge: merge as it was planned, all or nothing.

    choices settle conflicts: "theirs" for what comes, "ours" for what is there.
    """
    wish = _wish(await read_object(request))
    if wish.digest is None:
        raise BadJson("digest is missing.", at="/digest", hint="Plan first.")
    give_time(request.scope, _LASTS_S)
    applied = await do_merge(request, _name(request), wish)
    return json_response(
        {
            "version": applied.catalog.version,
            "changes": [shown_change(one) for one in applied.plan.changes],
        }
    )


async def remove_branch(request: Request) -> Response:
    """DELETE /api/branches/{name}: delete a branch with all that is in it, as a job."""
    job = await branching_of(request).remove(tenant_of(request), viewer_of(request), _name(request))
    return json_response({"job": job}, 202)


def show_branch(tx: Transaction, branch: Branch) -> JsonObject:
    """Give a branch as callers see it. tx: of its parent."""
    prefix, by, merged_at = (
        tx.catalog.get_object("User").prefix,
        branch.created_by,
        branch.merged_at,
    )
    return {
        "name": branch.name,
        "tenant": branch.tenant_name(tx.tenant.name),
        "version": branch.version,
        "branch_version": branch.branch_version,
        "created_at": branch.created_at.isoformat(),
        "created_by": None if by is None else format_id(prefix, by),
        "merged_at": None if merged_at is None else merged_at.isoformat(),
    }


def _name(request: Request) -> str:
    name: str = request.path_params["name"]
    return name


def _wish(said: JsonObject) -> Wish:
    """Read what a merge is asked for with. Raises Several."""
    _check(_MERGING, said)
    read: Any = said
    choices = {key: Choice(one) for key, one in read.get("choices", {}).items()}
    into_parent = read.get("into", _PARENT) == _PARENT
    return Wish(into_parent, choices, read.get("digest"), read.get("confirm", {}))


def _check(validator: Draft202012Validator, said: JsonObject) -> None:
    problems = list(problems_of(validator, said, BadJson.code))
    if problems:
        raise Several(problems)


ROUTES: Final = (
    Route("/api/branches", list_branches, methods=["GET"]),
    Route("/api/branches", make_branch, methods=["POST"]),
    Route("/api/branches/{name}", compare_branch, methods=["GET"]),
    Route("/api/branches/{name}", remove_branch, methods=["DELETE"]),
    Route("/api/branches/{name}/plan", plan_merge, methods=["POST"]),
    Route("/api/branches/{name}/merge", merge_branch, methods=["POST"]),
)
