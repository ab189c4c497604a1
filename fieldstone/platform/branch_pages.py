"""/admin/branches: make branches, see what is different in them, and merge them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fieldstone.errors import FieldstoneError, Forbidden, NotFound, Problem
from fieldstone.metadata.merging import Choice
from fieldstone.platform.branch_merging import (
    Tried,
    Wish,
    branching_of,
    compare,
    do_merge,
    try_merge,
)
from fieldstone.platform.identity.door_forms import text_of
from fieldstone.runtime.asking import database_of, give_time, tenant_of, viewer_of
from fieldstone.runtime.branch_samples import MOST_SAMPLES
from fieldstone.runtime.branches import load_branches
from fieldstone.runtime.change_impact import losses_of
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.changes import TO_DO, shown_changes
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, setup_cause
from fieldstone.ui_generator.plan_view import ShownPlan, shown_plan
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.viewing import viewing_of

ADDRESS: Final = "/admin/branches"
_CRUMB: Final = Crumb("Branches", ADDRESS)
_LASTS_S: Final = 300.0
_SAMPLES: Final = 20
_SHOWN: Final = 200
_BRANCH: Final = "branch"
_CHOICE: Final = "choice:"
_CONFIRM: Final = "confirm:"
_UNSURE: Final = Problem("branch.unsure", "Type the name of the branch to delete it.", "/sure")


async def show_branches(request: Request) -> Response:
    """GET /admin/branches: the branches, and a form for another one."""
    return await _list_page(request)


async def make_branch(request: Request) -> Response:
    """POST /admin/branches: make a branch."""
    sent = await read_form(request)
    name, samples = text_of(sent, "name").strip(), text_of(sent, "samples").strip()
    count = int(samples) if samples.isascii() and samples.isdigit() and len(samples) < 5 else 0
    give_time(request.scope, _LASTS_S)
    try:
        made = await branching_of(request).make(
            tenant_of(request), viewer_of(request), name, min(count, MOST_SAMPLES)
        )
    except Forbidden:
        raise
    except FieldstoneError as error:
        return await _list_page(request, error.problems, name=name, samples=samples)
    if made.invitation is None:
        response = RedirectResponse(f"{ADDRESS}/{name}", 303)
        put_flash(response, Flash(f"Branch {name} is made, with {made.records:,} records"))
        return response
    return await _list_page(request, made=made)


async def show_branch(request: Request) -> Response:
    """GET /admin/branches/{name}: what is different, and what merging would do."""
    into_parent = request.query_params.get("into") != _BRANCH
    return await _branch_page(request, Wish(into_parent))


async def change_branch(request: Request) -> Response:
    """POST /admin/branches/{name}: choose in conflicts, merge, or delete the branch."""
    name: str = request.path_params["name"]
    sent = await read_form(request)
    give_time(request.scope, _LASTS_S)
    if text_of(sent, "do") == "delete":
        if text_of(sent, "sure").strip() != name:
            return await _branch_page(request, Wish(), (_UNSURE,))
        await branching_of(request).remove(tenant_of(request), viewer_of(request), name)
        return _back(ADDRESS, f"Branch {name} is deleted")
    wish = _wish(sent)
    if text_of(sent, "do") == "choose":
        return await _branch_page(request, wish)
    try:
        done = await do_merge(request, name, wish, setup_cause(request))
    except (Forbidden, NotFound):
        raise
    except FieldstoneError as error:
        return await _branch_page(request, wish, error.problems)
    if wish.into_parent:
        return _back(f"/admin/changes/{done.catalog.version}", f"Branch {name} is merged")
    return _back(f"{ADDRESS}/{name}", f"Branch {name} is up to date")


def _back(address: str, text: str) -> Response:
    response = RedirectResponse(address, 303)
    put_flash(response, Flash(text))
    return response


def _wish(sent: FormData) -> Wish:
    """Read what a form asks a merge for."""
    said = {key: str(value) for key, value in sent.items()}
    choices = {
        key.removeprefix(_CHOICE): Choice(value)
        for key, value in said.items()
        if key.startswith(_CHOICE) and value in set(Choice)
    }
    confirmed = {
        key.removeprefix(_CONFIRM): int(value)
        for key, value in said.items()
        if key.startswith(_CONFIRM) and value.isascii() and value.isdigit() and len(value) < 18
    }
    return Wish(said.get("into") != _BRANCH, choices, said.get("digest", ""), confirmed)


async def _list_page(request: Request, problems: Sequence[Problem] = (), **values: Any) -> Response:
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return page(
            request,
            tx,
            Place("Branches", "setup", (SETUP, Crumb("Branches"))),
            "branches.html",
            status=422 if problems else 200,
            view=viewing_of(tx),
            tenant_name=tx.tenant.name,
            branches=await load_branches(tx),
            problems=problems,
            most=MOST_SAMPLES,
            **{"name": "", "samples": str(_SAMPLES), "made": None, **values},
        )


async def _branch_page(request: Request, wish: Wish, problems: Sequence[Problem] = ()) -> Response:
    name: str = request.path_params["name"]
    found = await compare(request, name)
    try:
        tried = await try_merge(request, name, wish)
        in_the_way: Sequence[Problem] = ()
    except Forbidden:
        raise
    except FieldstoneError as error:
        tried, in_the_way = None, error.problems
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return page(
            request,
            tx,
            Place(f"Branch {name}", "setup", (SETUP, _CRUMB, Crumb(name))),
            "branch.html",
            status=422 if problems else 200,
            viewing=viewing_of(tx),
            branch=found.branch,
            tenant_name=tx.tenant.name,
            changes=shown_changes(found.changes, most=_SHOWN),
            since=shown_changes(found.since, most=_SHOWN),
            more={"changes": len(found.changes) - _SHOWN, "since": len(found.since) - _SHOWN},
            into_parent=wish.into_parent,
            problems=problems,
            in_the_way=in_the_way,
            **_tried(tried),
        )


def _tried(tried: Tried | None) -> Mapping[str, Any]:
    """Give what a merge would do as the page shows it."""
    if tried is None:
        view = ShownPlan()
        return {"view": view, "conflicts": (), "losses": {}, "would": [], "missing": ()}
    changes = tried.plan.plan.changes
    return {
        "digest": tried.plan.digest,
        "view": shown_plan(tried.plan),
        "conflicts": tried.merge.conflicts,
        "is_open": bool(tried.merge.open_conflicts),
        "missing": tried.merge.missing_packages,
        "losses": losses_of(tried.plan.impact),
        "would": shown_changes(changes, TO_DO, _SHOWN),
        "would_more": len(changes) - _SHOWN,
    }


ROUTES: Final = (
    Route(ADDRESS, show_branches),
    Route(ADDRESS, make_branch, methods=["POST"]),
    Route(f"{ADDRESS}/{{name}}", show_branch),
    Route(f"{ADDRESS}/{{name}}", change_branch, methods=["POST"]),
)
