"""/admin/storage: where records lie, what would serve queries, and what was done about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.storage.advice import load_advice, load_days, show_advice
from fieldstone.runtime.storage.advice_actions import (
    NEWEST,
    ActionState,
    load_actions,
    state_of,
)
from fieldstone.runtime.storage.advising import (
    Applied,
    apply_advice,
    is_automatic,
    load_states,
    set_automatic,
    undo_advice,
)
from fieldstone.runtime.storage.overview import check_storage, load_overview
from fieldstone.runtime.storage.rules import StorageRules
from fieldstone.runtime.storage.usage import UsageCounter
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, setup_cause
from fieldstone.ui_generator.shell import Crumb, Place, page

_Work = Callable[[Transaction, str, StorageRules], Awaitable[Applied]]
_ADDRESS: Final = "/admin/storage"
_MOST: Final = 50
_WORDS: Final = {
    ActionState.AT_WORK: "A job is at work",
    ActionState.IN_EFFECT: "In effect",
    ActionState.WITHOUT_EFFECT: "Without effect",
    ActionState.UNDOING: "Being undone",
    ActionState.UNDONE: "Undone",
}
_LEFT_TO_UNDO: Final = (ActionState.IN_EFFECT, ActionState.WITHOUT_EFFECT)


async def show_storage(request: Request) -> Response:
    """GET /admin/storage: advice, what was applied, and every object with its heap."""
    usage: UsageCounter = request.app.state.usage
    await usage.flush(database_of(request))
    return await _page(request)


async def apply(request: Request) -> Response:
    """POST /admin/storage/{advice}/apply: have a job do what advice says."""
    return await _change(request, apply_advice, "Job {} does it; everybody can go on working")


async def undo(request: Request) -> Response:
    """POST /admin/storage/{advice}/undo: have a job take back what was applied."""
    return await _change(request, undo_advice, "Job {} takes it back")


async def _change(request: Request, work: _Work, told: str) -> Response:
    """Do something about advice; what refuses it is told on the page."""
    await read_form(request)
    text = request.path_params["advice"]
    try:
        async with database_of(request).change_metadata(
            tenant_of(request), viewer_of(request), setup_cause(request)
        ) as tx:
            done = await work(tx, text, request.app.state.storage_rules)
    except Forbidden:
        raise
    except FieldstoneError as error:
        return await _page(request, error.problems)
    return _back("There was nothing left to do" if done.job is None else told.format(done.job))


async def choose_automatic(request: Request) -> Response:
    """POST /admin/storage/_automatic: whether strong advice is applied without anybody asked."""
    automatic = (await read_form(request)).get("automatic") == "on"
    async with database_of(request).write(
        tenant_of(request), viewer_of(request), setup_cause(request)
    ) as tx:
        await set_automatic(tx, automatic=automatic)
    words = "Strong advice is applied by itself" if automatic else "Nothing is applied by itself"
    return _back(words)


async def _page(request: Request, problems: tuple[Problem, ...] = ()) -> Response:
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_storage(tx)
        days = await load_days(tx)
        values: dict[str, Any] = {
            "advice": [show_advice(one, days) for one in (await load_advice(tx, days))[:_MOST]],
            "automatic": await is_automatic(tx),
            "days": max(1, days.watched),
            "actions": await _actions(tx),
            "objects": await load_overview(tx),
            "problems": problems,
        }
        place = Place("Storage", "setup", (SETUP, Crumb("Storage")))
        return page(request, tx, place, "storage.html", 422 if problems else 200, **values)


async def _actions(tx: Transaction) -> list[dict[str, Any]]:
    actions = await load_actions(tx, before=NEWEST, most=_MOST)
    jobs = await load_states(tx, actions)
    shown, seen = [], set()
    for one in actions:
        state = state_of(one, tx.catalog, jobs)
        first = one.advice not in seen
        seen.add(one.advice)
        shown.append(
            {
                "advice": one.advice,
                "reason": one.reason,
                "at": one.at,
                "by": "by itself" if one.automatic else "by hand",
                "state": _WORDS[state],
                "undoes": first and state in _LEFT_TO_UNDO,
            }
        )
    return shown


def _back(told: str) -> Response:
    response = RedirectResponse(_ADDRESS, 303)
    put_flash(response, Flash(told))
    return response
