"""Teams: people who are given something together. A team may stand within another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    Text,
    delete,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from fieldstone.errors import Conflict, InvalidInput, NotFound
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.kinds.sharing_rule import TEAM_PREFIX, team_number
from fieldstone.metadata.sharing import PartyKind
from fieldstone.metadata.tables import RECORD_SHARE, TEAM, TEAM_MEMBER
from fieldstone.metadata.values import fold
from fieldstone.runtime.access.people_roles import check_people
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.records.heap_statements import living_ids
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

MOST_AT_ONCE: Final = 1_000
LONGEST_NAME: Final = 120
_DEEPEST: Final = 20
_TENANT: Final = parameter("tenant", Integer())
_ID: Final = parameter("id", BigInteger())
_USERS: Final = parameter("users", ARRAY(BigInteger))
_SPACE: Final = 7202
_OWN: Final = (TEAM.c.tenant_id == _TENANT, TEAM.c.id == _ID)
_IN: Final = (TEAM_MEMBER.c.tenant_id == _TENANT, TEAM_MEMBER.c.team_id == _ID)
_SIZE: Final = (
    select(func.count())
    .where(TEAM_MEMBER.c.tenant_id == TEAM.c.tenant_id, TEAM_MEMBER.c.team_id == TEAM.c.id)
    .scalar_subquery()
)
_COLUMNS: Final = (
    TEAM.c.id,
    TEAM.c.name,
    TEAM.c.description,
    TEAM.c.parent_id,
    _SIZE.label("people"),
)
_VALUES: Final = {
    "name": parameter("name", Text()),
    "description": parameter("description", Text()),
    "parent_id": parameter("parent", BigInteger()),
}
_LOCK: Final = prepare(select(func.pg_advisory_xact_lock(_SPACE, _TENANT)))
_ADD: Final = prepare(
    insert(TEAM).values(
        tenant_id=_TENANT,
        id=_ID,
        created_at=parameter("now", DateTime(timezone=True)),
        **_VALUES,
    )
)
_CHANGE: Final = prepare(update(TEAM).where(*_OWN).values(**_VALUES))
_GET: Final = prepare(select(*_COLUMNS).where(*_OWN))
_NAMED: Final = prepare(
    select(TEAM.c.id).where(
        TEAM.c.tenant_id == _TENANT, func.lower(TEAM.c.name) == parameter("name", Text())
    )
)
_PAGE: Final = prepare(
    select(*_COLUMNS)
    .where(
        TEAM.c.tenant_id == _TENANT,
        func.lower(TEAM.c.name).like(parameter("pattern", Text())),
        tuple_(func.lower(TEAM.c.name), TEAM.c.id)
        > tuple_(parameter("after", Text()), parameter("after_id", BigInteger())),
    )
    .order_by(func.lower(TEAM.c.name), TEAM.c.id)
    .limit(parameter("most", Integer()))
)
_SOME: Final = prepare(
    select(TEAM.c.id, TEAM.c.name).where(
        TEAM.c.tenant_id == _TENANT, TEAM.c.id == func.any(parameter("ids", ARRAY(BigInteger)))
    )
)
_WITHIN: Final = prepare(
    select(TEAM.c.id).where(TEAM.c.tenant_id == _TENANT, TEAM.c.parent_id == _ID).limit(1)
)
_DROP_PEOPLE: Final = prepare(delete(TEAM_MEMBER).where(*_IN))
_DROP_SHARES: Final = prepare(
    delete(RECORD_SHARE).where(RECORD_SHARE.c.tenant_id == _TENANT, RECORD_SHARE.c.principal == _ID)
)
_DROP: Final = prepare(delete(TEAM).where(*_OWN))
_JOIN: Final = prepare(
    insert(TEAM_MEMBER)
    .from_select(["tenant_id", "team_id", "user_id"], select(_TENANT, _ID, func.unnest(_USERS)))
    .on_conflict_do_nothing()
    .returning(TEAM_MEMBER.c.user_id)
)
_LEAVE: Final = prepare(
    delete(TEAM_MEMBER)
    .where(*_IN, TEAM_MEMBER.c.user_id == func.any(_USERS))
    .returning(TEAM_MEMBER.c.user_id)
)
_PEOPLE: Final = prepare(
    select(TEAM_MEMBER.c.user_id)
    .where(*_IN, TEAM_MEMBER.c.user_id > parameter("after", BigInteger()))
    .order_by(TEAM_MEMBER.c.user_id)
    .limit(parameter("most", Integer()))
)


class UnknownTeam(NotFound):
    """No team of this id."""

    code = "team.unknown"


class TeamNameTaken(Conflict):
    """Another team is called so."""

    code = "team.name_taken"


class BadTeam(InvalidInput):
    """What is said of a team cannot be."""

    code = "team.invalid"


class TeamNeeded(Conflict):
    """A team that something else leans on."""

    code = "team.still_needed"


@dataclass(frozen=True, slots=True)
class Team:
    """A team. parent: the team it stands within. people: how many are in it themselves."""

    id: int
    name: str
    description: str = ""
    parent: int | None = None
    people: int = 0

    @property
    def text(self) -> str:
        """Its id as callers see it."""
        return format_id(TEAM_PREFIX, self.id)


@dataclass(frozen=True, slots=True)
class TeamSaid:
    """What somebody says of a team."""

    name: str
    description: str = ""
    parent: int | None = None


async def list_teams(
    tx: Transaction, beginning: str = "", after: tuple[str, int] = ("", 0), most: int = 100
) -> list[Team]:
    """Give the teams whose names begin so, in order of name, behind a name and an id."""
    pattern = fold(beginning).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = await tx.rows(
        _PAGE, tenant=tx.tenant.id, pattern=pattern, after=after[0], after_id=after[1], most=most
    )
    return [_team(row) for row in rows]


async def get_team(tx: Transaction, number: int) -> Team:
    """Give one team. Raises UnknownTeam."""
    row = await tx.row(_GET, tenant=tx.tenant.id, id=number)
    if row is None:
        raise UnknownTeam(f"There is no team {format_id(TEAM_PREFIX, number)}.")
    return _team(row)


async def team_named(tx: Transaction, text: str) -> Team:
    """Give the team that an id or a name means. Raises UnknownTeam."""
    number = team_number(text)
    if number is None:
        row = await tx.row(_NAMED, tenant=tx.tenant.id, name=fold(text))
        number = None if row is None else row["id"]
    if number is None:
        raise UnknownTeam(f"There is no team {text[:80]}.")
    return await get_team(tx, number)


async def names_of_teams(tx: Transaction, numbers: Sequence[int]) -> dict[int, str]:
    """Give what teams are called."""
    rows = await tx.rows(_SOME, tenant=tx.tenant.id, ids=list(numbers)) if numbers else []
    return {row["id"]: row["name"] for row in rows}


async def create_team(tx: Transaction, said: TeamSaid) -> Team:
    """Make a team without people. Raises Forbidden, TeamNameTaken, BadTeam."""
    check_people(tx)
    number = tx.minter.mint()
    await _check(tx, number, said)
    await tx.run(_ADD, tenant=tx.tenant.id, id=number, now=tx.now, **_values(said))
    team = await get_team(tx, number)
    await note_event(tx, None, Event.TEAM_CREATED, **_told(team))
    return team


async def change_team(tx: Transaction, number: int, said: TeamSaid) -> Team:
    """Call a team something else, or put it elsewhere. Raises what create_team raises."""
    check_people(tx)
    await get_team(tx, number)
    await _check(tx, number, said)
    await tx.run(_CHANGE, tenant=tx.tenant.id, id=number, **_values(said))
    team = await get_team(tx, number)
    await note_event(tx, None, Event.TEAM_CHANGED, **_told(team))
    return team


async def delete_team(tx: Transaction, number: int) -> None:
    """Take a team away, with what was shared with it. Raises TeamNeeded, UnknownTeam."""
    check_people(tx)
    await tx.rows(_LOCK, tenant=tx.tenant.id)
    team = await get_team(tx, number)
    if await tx.row(_WITHIN, tenant=tx.tenant.id, id=number) is not None:
        raise TeamNeeded(f"Teams stand within {team.name}.", hint="Put them elsewhere first.")
    for rules in tx.catalog.sharing_rules.values():
        for rule in rules:
            parties = filter(None, (rule.owned_by, rule.share_with))
            if any(one.kind is PartyKind.TEAM and one.id == number for one in parties):
                hint = f"Change or remove {rule.label} first."
                raise TeamNeeded(f"The rule {rule.label} names {team.name}.", hint=hint)
    for statement in (_DROP_PEOPLE, _DROP_SHARES, _DROP):
        await tx.run(statement, tenant=tx.tenant.id, id=number)
    await note_event(tx, None, Event.TEAM_DELETED, **_told(team))


async def add_people(tx: Transaction, number: int, users: Sequence[RecordId]) -> int:
    """Put people into a team; how many were not in it. Raises UnknownTeam, BadTeam."""
    check_people(tx)
    team = await get_team(tx, number)
    obj = tx.catalog.get_object("User")
    wanted = sorted(set(users))
    if len(wanted) > MOST_AT_ONCE:
        raise BadTeam(f"A call names at most {MOST_AT_ONCE} people.", at="/users")
    living = await tx.rows(living_ids(obj.heap, tx.tenant.id, obj.id), ids=wanted)
    gone = set(wanted) - {row["id"] for row in living}
    if gone:
        raise BadTeam(f"There is no {obj.label} {format_id(obj.prefix, min(gone))}.", at="/users")
    added = [row["user_id"] for row in await tx.rows(_JOIN, **_people(tx, team, wanted))]
    await _note_people(tx, team, added, Event.TEAM_JOINED)
    return len(added)


async def remove_people(tx: Transaction, number: int, users: Sequence[RecordId]) -> int:
    """Take people out of a team; how many were in it."""
    check_people(tx)
    team = await get_team(tx, number)
    gone = [row["user_id"] for row in await tx.rows(_LEAVE, **_people(tx, team, users))]
    await _note_people(tx, team, gone, Event.TEAM_LEFT)
    return len(gone)


async def people_of(tx: Transaction, number: int, after: int = 0, most: int = 100) -> list[int]:
    """Give the users who are in a team themselves, in order of id, behind one."""
    rows = await tx.rows(_PEOPLE, tenant=tx.tenant.id, id=number, after=after, most=most)
    return [row["user_id"] for row in rows]


async def _check(tx: Transaction, number: int, said: TeamSaid) -> None:
    if not said.name.strip() or len(said.name) > LONGEST_NAME:
        raise BadTeam(f"A name has 1 to {LONGEST_NAME} characters.", at="/name")
    await tx.rows(_LOCK, tenant=tx.tenant.id)
    other = await tx.row(_NAMED, tenant=tx.tenant.id, name=said.name.strip().lower())
    if other is not None and other["id"] != number:
        raise TeamNameTaken(f"Another team is called {said.name}.", hint="Choose another name.")
    above, depth = said.parent, 1
    while above is not None:
        if above == number or depth > _DEEPEST:
            raise BadTeam("A team cannot stand within itself, or so deep.", at="/parent")
        above, depth = (await get_team(tx, above)).parent, depth + 1


async def _note_people(tx: Transaction, team: Team, users: Sequence[int], what: Event) -> None:
    if users:
        user = tx.catalog.get_object("User")
        await note_event(
            tx,
            users[0] if len(users) == 1 else None,
            what,
            **_told(team),
            users=[format_id(user.prefix, number) for number in sorted(users)],
        )


def _people(tx: Transaction, team: Team, users: Sequence[int]) -> dict[str, Any]:
    return {"tenant": tx.tenant.id, "id": team.id, "users": list(users)}


def _told(team: Team) -> dict[str, str]:
    return {"team": team.text, "name": team.name}


def _values(said: TeamSaid) -> dict[str, Any]:
    name, about = said.name.strip(), said.description.strip()
    return {"name": name, "description": about, "parent": said.parent}


def _team(row: Any) -> Team:
    return Team(row["id"], row["name"], row["description"], row["parent_id"], row["people"])
