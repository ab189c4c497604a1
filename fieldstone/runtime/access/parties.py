"""Some of the people by name: as callers say whom they share with, and as they are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldstone.errors import InvalidInput
from fieldstone.ids import BadId, RecordId, format_id, parse_id
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.kinds.sharing_rule import TEAM_PREFIX
from fieldstone.metadata.sharing import EVERYONE, Party, PartyKind
from fieldstone.metadata.values import Json
from fieldstone.runtime.access.people_roles import check_setup_of_people, role_named
from fieldstone.runtime.access.teams import names_of_teams, team_named
from fieldstone.runtime.access.territories import territory_named
from fieldstone.runtime.permissions import find_person
from fieldstone.runtime.records.heap_statements import load_rows
from fieldstone.runtime.records.levels import seen_of
from fieldstone.runtime.records.store import stored_record
from fieldstone.runtime.transactions import Transaction

_EVERYONE: Final = "everyone"
_PREFIXES: Final = {
    PartyKind.ROLE: "role",
    PartyKind.ROLE_AND_BELOW: "below",
    PartyKind.TERRITORY: "territory",
}


class BadParty(InvalidInput):
    """What is said of whom something is shared with names nobody."""

    code = "share.bad_party"


@dataclass(frozen=True, slots=True)
class NamedParty:
    """A party with what it is called."""

    party: Party
    text: str
    name: str

    def show(self) -> dict[str, Json]:
        """Give it as callers see it."""
        return {"id": self.text, "kind": str(self.party.kind), "name": self.name}


async def read_party(tx: Transaction, said: Json, at: str = "/with") -> Party:
    """Read {"user": id}, {"team": id or name}, {"role": name} and so on. Raises BadParty."""
    kinds = [str(kind) for kind in PartyKind]
    if not isinstance(said, Mapping) or len(said) != 1 or next(iter(said)) not in kinds:
        hint = 'Such as {"team": "Partners"}.'
        raise BadParty(f"Name one of {', '.join(kinds)}.", at=at, hint=hint)
    [(word, named)] = said.items()
    kind = PartyKind(word)
    if kind is PartyKind.EVERYONE:
        return Party(kind)
    if not isinstance(named, str):
        raise BadParty(f"{word} must be a text.", at=f"{at}/{word}")
    if kind is PartyKind.TEAM:
        return Party(kind, (await team_named(tx, named)).id)
    if kind is PartyKind.USER:
        return Party(kind, user_number(tx, named, f"{at}/{word}"))
    if kind is PartyKind.TERRITORY:
        return Party(kind, territory_named(tx, named).id)
    return Party(kind, role_named(tx, named).id)


def user_number(tx: Transaction, text: str, at: str) -> RecordId:
    """Read the id of a user. Raises BadParty."""
    user = tx.catalog.get_object("User")
    try:
        prefix, number = parse_id(text)
    except BadId:
        prefix, number = "", RecordId(0)
    if prefix != user.prefix:
        raise BadParty(f"{text[:80]} is not the id of a {user.label}.", at=at)
    return number


async def user_named(tx: Transaction, text: str, at: str) -> RecordId:
    """Read a user's id; for those who see to people, a member's e-mail address as well.

    Raises BadParty, Forbidden, UnknownPerson.
    """
    if "@" not in text:
        return user_number(tx, text, at)
    check_setup_of_people(tx)
    return await find_person(tx, text)


def principal_of(text: str, catalog: Catalog) -> int | None:
    """Give the number of a party by the text of its id; None where it is none."""
    if text == _EVERYONE:
        return EVERYONE
    try:
        prefix, number = parse_id(text)
    except BadId:
        return None
    if prefix == _PREFIXES[PartyKind.ROLE_AND_BELOW]:
        return -number
    user = catalog.get_object("User").prefix
    known = (_PREFIXES[PartyKind.ROLE], _PREFIXES[PartyKind.TERRITORY], TEAM_PREFIX, user)
    return number if prefix in known else None


async def named_parties(tx: Transaction, principals: Sequence[int]) -> dict[int, NamedParty]:
    """Give who stands behind the numbers of shares, with one statement for teams and one for users.

    What is not there any more has no name of its own.
    """
    known = tx.catalog.roles.by_id.keys() | tx.catalog.territories.by_id.keys()
    large = [one for one in principals if one > 0 and one not in known]
    teams = await names_of_teams(tx, large)
    people = await names_of_users(tx, [one for one in large if one not in teams])
    return {one: _named(tx, one, teams, people) for one in principals}


async def names_of_users(tx: Transaction, numbers: Sequence[int]) -> dict[int, str]:
    """Give what users are called, as far as the viewer sees them."""
    user, rights = tx.catalog.get_object("User"), tx.rights
    if not rights.may_read_object(user.id) or not rights.may_read_field(user.title.id):
        return {}
    ids = sorted(await seen_of(tx, user, numbers))
    rows = await tx.rows(load_rows(user.heap, tx.tenant.id, user.id), ids=ids) if ids else []
    title, found = user.title, {}
    for row in rows:
        value = stored_record(row).data.get(title.key)
        if value is not None:
            found[row["id"]] = title.type.show(title.type.decode(value), title.options)
    return found


async def shown_people(tx: Transaction, numbers: Sequence[int]) -> list[Json]:
    """Give users by id and, as far as the viewer sees them, name."""
    names, prefix = await names_of_users(tx, numbers), tx.catalog.get_object("User").prefix
    return [{"id": format_id(prefix, one), "name": names.get(one)} for one in numbers]


def _named(
    tx: Transaction, principal: int, teams: Mapping[int, str], people: Mapping[int, str]
) -> NamedParty:
    if principal == EVERYONE:
        return NamedParty(Party(PartyKind.EVERYONE), _EVERYONE, "Everyone")
    role = tx.catalog.roles.by_id.get(abs(principal))
    if principal < 0 or role is not None:
        kind = PartyKind.ROLE_AND_BELOW if principal < 0 else PartyKind.ROLE
        name = "a role that is gone" if role is None else role.label
        name = f"{name} and below" if principal < 0 else name
        return NamedParty(Party(kind, abs(principal)), _text(_PREFIXES[kind], principal), name)
    territory = tx.catalog.territories.by_id.get(principal)
    if territory is not None:
        text = _text(_PREFIXES[PartyKind.TERRITORY], principal)
        return NamedParty(Party(PartyKind.TERRITORY, principal), text, territory.label)
    if principal in teams:
        party = Party(PartyKind.TEAM, principal)
        return NamedParty(party, _text(TEAM_PREFIX, principal), teams[principal])
    text = _text(tx.catalog.get_object("User").prefix, principal)
    return NamedParty(Party(PartyKind.USER, principal), text, people.get(principal, text))


def _text(prefix: str, number: int) -> str:
    return format_id(prefix, abs(number))
