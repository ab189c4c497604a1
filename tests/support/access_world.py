"""A world of people, roles, teams, rules and shares, and a plain reading of who sees what in it.

Firms have jobs (a lookup), jobs have parts (master-detail) and each record has an owner. The plain
reading goes through everything one by one, as a person with the rules on paper would.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fieldstone.errors import FieldstoneError
from fieldstone.ids import RecordId, format_id, parse_id
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.sharing import Level, Party, PartyKind
from fieldstone.metadata.standing import Standing
from fieldstone.metadata.values import Json, read_json
from fieldstone.runtime.access.people_roles import role_named, set_role
from fieldstone.runtime.access.shares import Share, put_share
from fieldstone.runtime.access.teams import TeamSaid, add_people, create_team
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.transactions import Transaction, Viewer
from tests.support.query_world import World, a_world

ROLES: Final = ("R0", "R1", "R2", "R3", "R4", "R5")
PEOPLE: Final = 8
TEAMS: Final = 4
COLOURS: Final = ("Red", "Green", "Blue")
OBJECTS: Final = ("Firm", "Job", "Part")
_FIELDS: Final[dict[str, dict[str, Json]]] = {
    "Firm.name": {"type": "text"},
    "Firm.colour": {"type": "picklist", "options": list(COLOURS)},
    "Firm.size": {"type": "number"},
    "Job.name": {"type": "text"},
    "Job.colour": {"type": "picklist", "options": list(COLOURS)},
    "Job.size": {"type": "number", "indexed": False},
    "Job.firm": {"type": "lookup", "references": "Firm", "child_name": "jobs"},
    "Job.firm_name": {"type": "text", "formula": "firm.name"},
    "Part.name": {"type": "text"},
    "Part.job": {"type": "master_detail", "references": "Job", "child_name": "parts"},
}


@dataclass(slots=True)
class Record:
    """A record as the plain reading knows it. above: of a job the firm, of a part the job."""

    id: str
    object: str
    name: str
    owner: int | None
    colour: str | None = None
    size: int | None = None
    above: Record | None = None


@dataclass(slots=True)
class Rule:
    """A sharing rule. owned_by, share_with: a kind of party with a name or number."""

    object: str
    level: Level
    share_with: tuple[str, Any]
    owned_by: tuple[str, Any] | None = None
    where: tuple[str, str] | None = None


@dataclass(slots=True)
class Paper:
    """Everything that decides who sees what."""

    sharing: dict[str, str]
    parents: dict[str, str | None]
    roles: dict[int, str] = field(default_factory=dict)
    team_above: dict[int, int | None] = field(default_factory=dict)
    members: dict[int, set[int]] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    shares: list[tuple[Record, tuple[str, Any], Level, tuple[str, ...]]] = field(
        default_factory=list
    )

    def sees(self, user: int, record: Record, level: Level = Level.READ) -> bool:
        """Tell whether somebody sees, or edits, a record."""
        sharing = self.sharing[record.object]
        if sharing == "read_write" or (sharing == "read" and level is Level.READ):
            return True
        if sharing == "parent":
            assert record.above is not None
            return self.sees(user, record.above, level)
        if record.owner is not None and (
            record.owner == user or self._stands_above(user, record.owner)
        ):
            return True
        return self._ruled(user, record, level) or self._shared(user, record, level)

    def _stands_above(self, user: int, owner: int) -> bool:
        mine, role = self.roles.get(user), self.roles.get(owner)
        return mine is not None and role is not None and mine in self._above(role)

    def _above(self, role: str) -> list[str]:
        found, at = [], self.parents[role]
        while at is not None:
            found.append(at)
            at = self.parents[at]
        return found

    def _ruled(self, user: int, record: Record, level: Level) -> bool:
        for rule in self.rules:
            if rule.object != record.object or rule.level < level:
                continue
            if not self._is_with(user, rule.share_with):
                continue
            if rule.where is not None and getattr(record, rule.where[0]) == rule.where[1]:
                return True
            if (
                rule.owned_by is not None
                and record.owner is not None
                and self._is_of(record.owner, rule.owned_by)
            ):
                return True
        return False

    def _shared(self, user: int, record: Record, level: Level) -> bool:
        for shared, party, given, along in self.shares:
            hangs = record.above is shared and record.object in along
            if (shared is record or hangs) and given >= level and self._is_with(user, party):
                return True
        return False

    def _is_of(self, user: int, party: tuple[str, Any]) -> bool:
        """Tell whether somebody is one of a party themselves."""
        kind, named = party
        role = self.roles.get(user)
        if kind == "role":
            return bool(role == named)
        if kind == "role_and_below":
            return role is not None and (role == named or named in self._above(role))
        assert kind == "team"
        return self.in_team(user, named)

    def is_on_team(self, user: int, record: Record) -> bool:
        """Tell whether a record is shared with somebody or a team of theirs, whatever they see."""
        return any(
            (shared is record or (record.above is shared and record.object in along))
            and party[0] in ("user", "team")
            and self._is_with(user, party)
            for shared, party, _, along in self.shares
        )

    def in_team(self, user: int, team: int) -> bool:
        """Tell whether somebody is in a team, or in one within it."""
        within = [one for one, above in self.team_above.items() if above == team]
        return user in self.members[team] or any(self.in_team(user, one) for one in within)

    def _is_with(self, user: int, party: tuple[str, Any]) -> bool:
        """Tell whether what is shared with a party reaches somebody: those above it are reached."""
        kind, named = party
        if kind == "everyone":
            return True
        if kind == "user":
            return bool(user == named)
        if kind == "team":
            return self.in_team(user, named)
        role = self.roles.get(user)
        if role is None:
            return False
        meant = [one for one in ROLES if one == named or named in self._above(one)]
        wanted = meant if kind == "role_and_below" else [named]
        return any(role == one or role in self._above(one) for one in wanted)


@dataclass(frozen=True, slots=True)
class AccessWorld:
    """A world, its records and people, and what is on paper about them."""

    world: World
    people: tuple[int, ...]
    teams: tuple[int, ...]
    records: dict[str, list[Record]]
    sets: frozenset[int]

    def viewer(self, paper: Paper, user: int, roles: dict[str, int]) -> Viewer:
        """Give somebody as the gate would find them."""
        role = paper.roles.get(user)
        teams = frozenset(one for one in self.teams if paper.in_team(user, one))
        number = None if role is None else roles[role]
        standing = Standing(sets=self.sets, role=number, teams=teams)
        return Viewer(RecordId(user), f"p{user}", standing)

    async def settle(self, chance: random.Random) -> tuple[Paper, dict[str, int]]:
        """Draw everything by lot, have the system know it, and give it on paper."""
        paper = self._drawn(chance)
        world, label = self.world, world_label
        async with world.engine.database.change_metadata(world.tenant, world.viewer) as tx:
            gone = tuple(("sharing_rule", f"rule_{n}") for n in range(self._rules_before(tx)))
            await change_metadata(tx, Proposal(removals=gone))
        async with world.engine.database.change_metadata(world.tenant, world.viewer) as tx:
            said = Proposal(upserts=tuple(self._components(paper, label)))
            done = await change_metadata(tx, said)
            catalog = done.catalog
        async with world.engine.database.write(world.tenant, world.viewer) as tx:
            await self._settle_data(tx, paper)
        return paper, {role.name: role.id for role in catalog.roles}

    def _rules_before(self, tx: Transaction) -> int:
        return sum(len(rules) for rules in tx.catalog.sharing_rules.values())

    def _drawn(self, chance: random.Random) -> Paper:
        sharing = {
            "Firm": chance.choice(["private", "private", "read", "read_write"]),
            "Job": chance.choice(["private", "private", "read"]),
            "Part": chance.choice(["parent", "parent", "private"]),
        }
        parents: dict[str, str | None] = {
            role: None if not n else chance.choice([None, *ROLES[:n], *ROLES[:n]])
            for n, role in enumerate(ROLES)
        }
        paper = Paper(sharing, parents)
        paper.roles = {one: chance.choice(ROLES) for one in self.people if chance.random() < 0.8}
        for n, team in enumerate(self.teams):
            paper.team_above[team] = None if n < 2 else chance.choice([None, *self.teams[:n]])
            paper.members[team] = {one for one in self.people if chance.random() < 0.2}
        paper.rules = [self._rule(chance) for _ in range(chance.randint(0, 4))]
        for records in self.records.values():
            for one in records:
                one.owner = chance.choice(self.people)
        for _ in range(chance.randint(0, 6)):
            obj = chance.choice(["Firm", "Job", "Part"])
            along = ("Job",) if obj == "Firm" and chance.random() < 0.5 else ()
            shared = chance.choice(self.records[obj])
            paper.shares.append(
                (shared, self._party(chance, "user"), chance.choice(list(Level)), along)
            )
        paper.shares = [
            one
            for n, one in enumerate(paper.shares)
            if paper.sharing[one[0].object] in ("private", "read")
            and not any(one[0] is two[0] and one[1] == two[1] for two in paper.shares[:n])
            and not (paper.sharing[one[0].object] == "read" and one[2] is Level.READ and not one[3])
        ]
        return paper

    def _rule(self, chance: random.Random) -> Rule:
        obj, level = chance.choice(OBJECTS), chance.choice(list(Level))
        share_with = self._party(chance, "everyone")
        if chance.random() < 0.5 and obj != "Part":
            return Rule(obj, level, share_with, where=("colour", chance.choice(COLOURS)))
        return Rule(obj, level, share_with, owned_by=self._party(chance))

    def _party(self, chance: random.Random, *more: str) -> tuple[str, Any]:
        kind = chance.choice(["role", "role_and_below", "team", *more])
        if kind == "team":
            return kind, chance.choice(self.teams)
        if kind == "user":
            return kind, chance.choice(self.people)
        return (kind, True) if kind == "everyone" else (kind, chance.choice(ROLES))

    def _components(self, paper: Paper, label: dict[str, str]) -> list[Component]:
        found = [
            Component("object", name, {"label": label[name], "sharing": sharing})
            for name, sharing in paper.sharing.items()
        ]
        for role, parent in paper.parents.items():
            found.append(Component("role", role, {"label": role, "parent": parent}))
        for n, rule in enumerate(paper.rules):
            body: dict[str, Json] = {
                "object": rule.object,
                "access": rule.level.word,
                "share_with": _named(rule.share_with),
            }
            if rule.where is not None:
                body["where"] = f"{rule.where[0]} = '{rule.where[1]}'"
            if rule.owned_by is not None:
                body["owned_by"] = _named(rule.owned_by)
            found.append(Component("sharing_rule", f"rule_{n}", body))
        return found

    async def _settle_data(self, tx: Transaction, paper: Paper) -> None:
        run = tx.connection.execute
        for table in ("record_share", "team_member", "person_role"):
            await run(f"DELETE FROM {table} WHERE tenant_id = $1", tx.tenant.id)
        for user, role in paper.roles.items():
            await set_role(tx, RecordId(user), role_named(tx, role))
        for team, above in paper.team_above.items():
            await run(
                "UPDATE team SET parent_id = $3 WHERE tenant_id = $1 AND id = $2",
                tx.tenant.id,
                team,
                above,
            )
            await add_people(tx, team, [RecordId(one) for one in paper.members[team]])
        for name, records in self.records.items():
            obj = tx.catalog.get_object(name)
            await tx.connection.executemany(
                f"UPDATE {obj.heap} SET owner_id = $3 WHERE tenant_id = $1 AND id = $2",
                [(tx.tenant.id, parse_id(one.id)[1], one.owner) for one in records],
            )
        for record, party, level, along in paper.shares:
            obj = tx.catalog.get_object(record.object)
            objects = tuple(tx.catalog.get_object(one) for one in along)
            share = Share(0, level, objects)
            number = parse_id(record.id)[1]
            try:
                await put_share(tx, obj, number, _party_of(tx, party), share)
            except FieldstoneError:
                if not along:
                    raise
                await put_share(tx, obj, number, _party_of(tx, party), replace(share, along=()))
                paper.shares = [
                    (r, p, lv, ()) if r is record and p == party else (r, p, lv, al)
                    for r, p, lv, al in paper.shares
                ]

    async def ask(self, viewer: Viewer, text: str) -> list[Any]:
        """Give what somebody is answered."""
        world = self.world
        async with world.engine.database.read(world.tenant, viewer) as tx:
            page = await answer(tx, Question.of_text(text))
            return [read_json(one) for one in page.records] or [page.total]


world_label: Final = {"Firm": "Firm", "Job": "Job", "Part": "Part"}


def _named(party: tuple[str, Any]) -> dict[str, Json]:
    kind, named = party
    return {kind: format_id("team", named) if kind == "team" else named}


def _party_of(tx: Transaction, party: tuple[str, Any]) -> Party:
    kind, named = PartyKind(party[0]), party[1]
    if kind in (PartyKind.ROLE, PartyKind.ROLE_AND_BELOW):
        return Party(kind, role_named(tx, named).id)
    return Party(kind, 0 if kind is PartyKind.EVERYONE else named)


@asynccontextmanager
async def an_access_world(dsn: str) -> AsyncIterator[AccessWorld]:
    """Open a world with people, teams, firms, jobs and parts."""
    async with a_world(dsn) as world:
        made = [Component("object", one, {"label": one}) for one in OBJECTS]
        for name, body in _FIELDS.items():
            said = {"object": name.split(".")[0], **body}
            made.append(Component("field", name, said))
        made += [Component("role", one, {"label": one}) for one in ROLES]
        async with world.engine.database.change_metadata(world.tenant, world.viewer) as tx:
            await change_metadata(tx, Proposal(creates=tuple(made)))
        users: Sequence[str] = await world.create(
            "User",
            *({"name": f"Person {n}", "email": f"p{n}@example.com"} for n in range(PEOPLE)),
        )
        async with world.engine.database.write(world.tenant, world.viewer) as tx:
            teams = [await create_team(tx, TeamSaid(f"Team {n}")) for n in range(TEAMS)]
        records = await _records(world, random.Random(3))
        people = tuple(int(parse_id(one)[1]) for one in users)
        async with world.engine.database.read(world.tenant, world.viewer) as tx:
            sets = tx.catalog.permission_sets.values()
            standard = frozenset(one.id for one in sets if one.name == "Standard_User")
        yield AccessWorld(world, people, tuple(one.id for one in teams), records, standard)


async def _records(world: World, chance: random.Random) -> dict[str, list[Record]]:
    firms = [
        Record("", "Firm", f"Firm {n}", None, chance.choice(COLOURS), n % 5) for n in range(12)
    ]
    jobs = [
        Record(
            "",
            "Job",
            f"Job {n}",
            None,
            chance.choice(COLOURS),
            n % 7,
            chance.choice([None, *firms]),
        )
        for n in range(30)
    ]
    parts = [Record("", "Part", f"Part {n}", None, above=chance.choice(jobs)) for n in range(20)]
    for obj, some in (("Firm", firms), ("Job", jobs), ("Part", parts)):
        ids = await world.create(obj, *(_values(one) for one in some))
        for one, number in zip(some, ids, strict=True):
            one.id = number
    return {"Firm": firms, "Job": jobs, "Part": parts}


def _values(one: Record) -> dict[str, Json]:
    found: dict[str, Json] = {"name": one.name}
    if one.object != "Part":
        found |= {"colour": one.colour, "size": one.size}
    if one.above is not None:
        found["firm" if one.object == "Job" else "job"] = one.above.id
    return found
