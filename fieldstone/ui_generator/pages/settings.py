"""/admin/settings: the objects that hold settings or metadata, with what each holds for whom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fieldstone.ids import BadId, parse_id
from fieldstone.metadata.catalog import Holds, ObjectDef
from fieldstone.metadata.held_fields import EVERYBODY, PROFILE_SIGN, SETUP_OWNER
from fieldstone.metadata.values import JsonObject
from fieldstone.runtime.access.parties import names_of_users
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.pages.objects import SETUP, check_setup
from fieldstone.ui_generator.shell import Crumb, Place, page

_SHOWN: Final = 10
_MOST_ASKED: Final = 20
"""Of how many objects it is told whom they have values for: each is a statement."""
_WORDS: Final = {
    Holds.SETTINGS: "Settings for everybody, profiles and people",
    Holds.LIST_SETTINGS: "A list of settings",
    Holds.METADATA: "Custom metadata",
}


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom some settings hold for. id: of their record."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Held:
    """An object that holds settings or metadata.

    holders: of settings that differ, the first ones of those with values of their own.
    """

    object: ObjectDef
    holders: tuple[Holder, ...] = ()


async def show_settings(request: Request) -> Response:
    """GET /admin/settings: all of them, each with whom it has values for."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup(tx)
        readable = [one for one in tx.catalog.objects if tx.rights.may_read_object(one.id)]
        differing = [one for one in readable if one.holds is Holds.SETTINGS]
        owners = {one.id: await _owners(tx, one) for one in differing[:_MOST_ASKED]}
        names = await _names(tx, [owner for some in owners.values() for _, owner in some])
        held = [
            Held(one, tuple(Holder(n, names.get(o, o)) for n, o in owners.get(one.id, ())))
            for one in readable
        ]
        sorts = [
            (words, holds, [one for one in held if one.object.holds is holds])
            for holds, words in _WORDS.items()
        ]
        place = Place("Settings", "setup", (SETUP, Crumb("Settings")))
        return page(request, tx, place, "settings.html", sorts=sorts)


async def _owners(tx: Transaction, obj: ObjectDef) -> list[tuple[str, str]]:
    """Give the first records of some settings, with whom each holds for."""
    asked: JsonObject = {"object": obj.name, "fields": ["id", SETUP_OWNER], "limit": _SHOWN}
    found = await answer(tx, replace(Question.from_json(asked), counts=False))
    rows = [msgspec.json.decode(text) for text in found.records]
    return [(str(row["id"]), str(row.get(SETUP_OWNER) or "")) for row in rows]


async def _names(tx: Transaction, owners: list[str]) -> dict[str, str]:
    """Give what those are called whom settings hold for."""
    found = {EVERYBODY: "Everybody"}
    numbers: dict[str, int] = {}
    for owner in owners:
        if owner.startswith(PROFILE_SIGN):
            found[owner] = f"Profile {owner.removeprefix(PROFILE_SIGN)}"
        elif owner != EVERYBODY:
            try:
                numbers[owner] = parse_id(owner)[1]
            except BadId:
                continue
    people = await names_of_users(tx, list(numbers.values())) if numbers else {}
    return found | {owner: people[one] for owner, one in numbers.items() if one in people}
