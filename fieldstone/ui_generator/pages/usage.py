"""/admin/usage: what the organization uses, how much of it its plan gives, and what is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from fieldstone.errors import Forbidden
from fieldstone.metadata.rights import SetupArea
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.metering import load_usage, show_usage
from fieldstone.runtime.terms import FEATURES, MEANINGS, Limit
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.pages.objects import SETUP
from fieldstone.ui_generator.shell import Crumb, Place, page

_LABELS: Final[Mapping[Limit, str]] = {
    Limit.USERS: "People",
    Limit.RECORDS: "Records",
    Limit.STORAGE: "Files",
    Limit.API_CALLS: "Calls of the API today",
    Limit.OBJECTS: "Own objects",
}
_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")
_THOUSAND: Final = 1000


async def show_usage_page(request: Request) -> Response:
    """GET /admin/usage: the page."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        if not tx.rights.may_set_up(SetupArea.ORGANIZATION):
            raise Forbidden("You may not see what the organization uses.")
        lines = [_line(one) for one in show_usage(tx, await load_usage(tx))]
        return page(
            request,
            tx,
            Place("Usage", "setup", (SETUP, Crumb("Usage"))),
            "usage.html",
            lines=lines,
            warned=[line for line in lines if line["state"] != "ok"],
            plan=tx.tenant.terms.plan,
            features=_features(tx),
        )


def _features(tx: Transaction) -> list[dict[str, Any]]:
    return [
        {"meaning": meaning, "on": tx.tenant.terms.has(name)} for name, meaning in FEATURES.items()
    ]


def _line(one: Mapping[str, Any]) -> dict[str, Any]:
    name = Limit(one["name"])
    told = _bytes if name is Limit.STORAGE else _number
    most = one["limit"]
    return {
        "label": _LABELS[name],
        "meaning": MEANINGS[name],
        "current": told(one["current"]),
        "limit": None if most is None else told(most),
        "percent": None if most is None else min(100, int(one["share"] * 100)),
        "state": one["state"],
    }


def _number(value: int) -> str:
    return f"{value:,}"


def _bytes(value: int) -> str:
    size, unit = float(value), 0
    while size >= _THOUSAND and unit < len(_UNITS) - 1:
        size, unit = size / _THOUSAND, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{value:,} bytes"
