"""Forms that tell what they would change before they save, and the parties that they name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import FormData

from fieldstone.metadata.values import Json
from fieldstone.runtime.access.people_roles import roles_in_order
from fieldstone.runtime.access.proposals import read_said, resolve
from fieldstone.runtime.access.teams import list_teams
from fieldstone.runtime.access_preview import Preview, preview_access
from fieldstone.runtime.transactions import Transaction

LONGEST: Final = 320
PERSON: Final = "owner"
"""What the input of a person is called: it looks people up as that of a record's owner does."""

_INDENT: Final = "\N{EM SPACE}"
_MOST_OFFERED: Final = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a list to choose from."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class ChosenParty:
    """What a form says of a party: a line of the list of roles, or a team's name."""

    listed: str = ""
    team: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nobody was named."""
        return not (self.listed or self.team)

    @property
    def said(self) -> dict[str, Json]:
        """The same as callers say it; both ways at once are for the reader to refuse."""
        found: dict[str, Json] = {}
        if self.team:
            found["team"] = self.team
        kind, _, name = self.listed.partition(":")
        if kind:
            found[kind] = name or True
        return found


async def told_of(tx: Transaction, said: dict[str, Any]) -> Preview:
    """Tell what a change would give and take. Raises what carrying it out would."""
    return await preview_access(tx, await resolve(tx, read_said(said)))


def text_of(sent: FormData, name: str, most: int = LONGEST) -> str:
    """Give a text that was typed into a form."""
    return str(sent.get(name, ""))[:most].strip()


def person_in(sent: FormData) -> str:
    """Give the person of a form: the id of the one chosen, or what was typed instead."""
    chosen = [str(one) for one in sent.getlist(PERSON) if one]
    return chosen[-1][:LONGEST].strip() if chosen else text_of(sent, f"{PERSON}.typed")


def party_in(sent: FormData, prefix: str) -> ChosenParty:
    """Give the party that a form names."""
    return ChosenParty(text_of(sent, f"{prefix}_listed"), text_of(sent, f"{prefix}_team"))


def role_choices(tx: Transaction) -> Iterator[Choice]:
    """Yield the roles from the top down, each further in than the one above it."""
    for role, depth in roles_in_order(tx.catalog.roles):
        yield Choice(role.name, f"{_INDENT * depth}{role.label}")


def listed_parties(tx: Transaction, *, everyone: bool) -> Iterator[Choice]:
    """Yield everyone, if wished, and each role by itself and with all below it."""
    if everyone:
        yield Choice("everyone", "Everyone")
    for role, depth in roles_in_order(tx.catalog.roles):
        indent = _INDENT * depth
        yield Choice(f"role:{role.name}", f"{indent}{role.label}")
        if tx.catalog.roles.children_of(role.id):
            yield Choice(f"role_and_below:{role.name}", f"{indent}{role.label} and below")


async def team_names(tx: Transaction) -> list[str]:
    """Give the names of the first teams, to be offered while one is typed."""
    return [one.name for one in await list_teams(tx, most=_MOST_OFFERED)]
