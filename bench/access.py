"""What it costs to keep records to those who may see them, against whoever sees all of them.

    python -m bench.access [--rows 1000000] [--rounds 30] [--keep DIRECTORY]

A company of 5,000 people in 500 roles and 20,000 teams, whose deals are private, with twenty
sharing rules and 50,000 shares of single deals. Each viewer asks for fifty deals in the order of
an indexed field; ratios are against the same list of whoever sees all of them. The same is asked of
the shared heap, of a heap of its own, and of that with the indexes that advice gives.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from bench.database import a_database, a_directory, an_engine, an_owner
from bench.own_heaps import promote as promote_in
from bench.recipes import Counts
from bench.rows import World
from fieldstone.ids import RecordId
from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.sharing import Sharing
from fieldstone.metadata.standing import Standing
from fieldstone.metadata.storage import INDEXES
from fieldstone.metadata.values import Json, write_json
from fieldstone.platform.app import Engine
from fieldstone.query_language.index_advice import column_of, has_own_heap
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Viewer

PEOPLE: Final = 5_000
ROLES: Final = 500
TEAMS: Final = 20_000
SHARES: Final = 50_000
RULES: Final = 20
_FIRST_PERSON: Final = 10**12
_FIRST_TEAM: Final = 2 * 10**12
_FIRST_DEAL: Final = 3 * 10**12
_WIDTH: Final = 8
_RARE: Final = 5_000
_SPARSE: Final = _FIRST_PERSON + PEOPLE + 1
_LIST: Final = "SELECT name, stage FROM Deal ORDER BY name NULLS LAST LIMIT 50"
_COUNT: Final = "SELECT COUNT() FROM Deal"
_STAGES: Final = ("Qualification", "Proposal", "Negotiation", "Closed Won")
_SELDOM: Final = "Closed Lost"
_DEALS: Final = """
INSERT INTO {heap} (tenant_id, object_id, id, owner_id, {name_slot}, {stage_slot}, data)
SELECT $1, $2, $3::bigint + n, $4::bigint + (n::bigint * 7919) % $5::int, 'deal ' || md5(n::text),
  lower(stage), jsonb_build_object('{name_key}', 'Deal ' || md5(n::text), '{stage_key}', stage)
FROM generate_series(0, $7::int - 1) n,
  LATERAL (SELECT CASE WHEN n % $8::int = 1 THEN $9 ELSE ($6::text[])[1 + n % 4] END stage) s
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A viewer, and who they are in words."""

    words: str
    viewer: Viewer


async def furnish(engine: Engine, dsn: str, rows: int) -> None:
    """Make the company and its deals."""
    tenant = await engine.tenants.ensure_default()
    viewer = Viewer(None, "Bench")
    async with engine.database.change_metadata(tenant, viewer) as tx:
        roles = [
            Component("role", f"R{n}", {"label": f"R{n}", "parent": _parent(n)})
            for n in range(ROLES)
        ]
        await change_metadata(tx, Proposal(creates=tuple(roles)))
    async with engine.database.change_metadata(tenant, viewer) as tx:
        stored = next(obj for obj in tx.catalog.objects if obj.name == "Deal")
        body: dict[str, Json] = {
            "label": stored.label,
            "plural_label": stored.plural_label,
            "sharing": "private",
        }
        upserts = [Component("object", "Deal", body, stored.package), *_rules()]
        done = await change_metadata(tx, Proposal(upserts=tuple(upserts)))
    async with an_owner(dsn) as owner:
        await _fill(owner, tenant, done.catalog, rows)


def _parent(number: int) -> str | None:
    return None if number == 0 else f"R{(number - 1) // _WIDTH}"


def _rules() -> list[Component]:
    found = []
    for n in range(RULES):
        body: dict[str, Json] = {"object": "Deal", "share_with": {"role_and_below": f"R{n + 9}"}}
        if n % 2:
            some = f"stage = '{_STAGES[n % 4]}' AND name LIKE 'Deal {n:x}%'"
            body["where"] = f"stage = '{_SELDOM}'" if n == RULES - 1 else some
        else:
            body["owned_by"] = {"role": f"R{ROLES - 1 - n}"}
        found.append(Component("sharing_rule", f"rule_{n}", body))
    return found


async def _fill(owner: Any, tenant: Tenant, catalog: Catalog, rows: int) -> None:
    deal = catalog.get_object("Deal")
    name, stage = deal.get_field("name"), deal.get_field("stage")
    await owner.execute("SELECT set_config('app.tenant', $1, false)", str(tenant.id))
    statement = _DEALS.format(
        heap=deal.heap,
        name_slot=name.slot,
        stage_slot=stage.slot,
        name_key=name.key,
        stage_key=stage.key,
    )

    stages = list(_STAGES)
    people, seldom = (_FIRST_PERSON, PEOPLE), (_RARE, _SELDOM)
    await owner.execute(statement, tenant.id, deal.id, _FIRST_DEAL, *people, stages, rows, *seldom)
    later = _FIRST_DEAL + rows
    await owner.execute(statement, tenant.id, deal.id, later, _SPARSE, 1, stages, 30, *seldom)
    await _fill_people(owner, tenant, catalog, deal, rows)
    for table in (deal.heap, "person_role", "team", "team_member", "record_share"):
        await owner.execute(f"VACUUM ANALYZE {table}")


async def _fill_people(
    owner: Any, tenant: Tenant, catalog: Catalog, deal: ObjectDef, rows: int
) -> None:
    roles = [role.id for role in sorted(catalog.roles, key=lambda role: int(role.name[1:]))]
    await owner.execute(
        "INSERT INTO person_role SELECT $1, $2::bigint + n, ($3::int[])[1 + n % $4::int]"
        " FROM generate_series(0, $5::int - 1) n",
        *(tenant.id, _FIRST_PERSON, roles, len(roles), PEOPLE),
    )
    await owner.execute(
        "INSERT INTO team (tenant_id, id, name) SELECT $1, $2::bigint + n, 'Team ' || n"
        " FROM generate_series(0, $3::int - 1) n",
        *(tenant.id, _FIRST_TEAM, TEAMS),
    )
    await owner.execute(
        "INSERT INTO team_member SELECT $1, $2::bigint + n, $3::bigint + (n * 5 + m) % $4::int"
        " FROM generate_series(0, $5::int - 1) n, generate_series(0, 4) m",
        *(tenant.id, _FIRST_TEAM, _FIRST_PERSON, PEOPLE, TEAMS),
    )
    await owner.execute(
        "INSERT INTO record_share (tenant_id, record_id, principal, object_id, level)"
        " SELECT $1, $2::bigint + (n::bigint * 104729) % $3::int, $4::bigint + n % $5::int, $6, 1"
        " FROM generate_series(0, $7::int - 1) n ON CONFLICT DO NOTHING",
        *(tenant.id, _FIRST_DEAL, rows, _FIRST_TEAM, TEAMS, deal.id, SHARES),
    )


def viewers(catalog: Catalog) -> list[Seen]:
    """Give who asks: first whoever sees everything."""
    roles = {role.name: role.id for role in catalog.roles}
    sets = frozenset(
        one.id for one in catalog.permission_sets.values() if one.name == "Standard_User"
    )

    def somebody(words: str, user: int, role: str | None, teams: int = 0) -> Seen:
        number = None if role is None else roles[role]
        mine = frozenset(_FIRST_TEAM + n for n in range(teams))
        standing = Standing(sets=sets, role=number, teams=mine)
        return Seen(words, Viewer(RecordId(user), words, standing))

    return [
        Seen("an administrator", Viewer(None, "Bench")),
        somebody("the head of the company", _FIRST_PERSON, "R0", 20),
        somebody("a head of a region", _FIRST_PERSON + 1, "R1", 20),
        somebody("a head of an office", _FIRST_PERSON + 9, "R9", 20),
        somebody("a seller, with rules and teams", _FIRST_PERSON + 80, "R80", 20),
        somebody("a seller, with a rule for 1.6 %", _FIRST_PERSON + 81, "R81", 20),
        somebody("a seller, with a rule for 0.02 %", _FIRST_PERSON + 225, "R225", 20),
        somebody("a newcomer with 30 deals", _SPARSE, None),
    ]


async def measure(
    engine: Engine, tenant: Tenant, seen: Sequence[Seen], rounds: int
) -> Mapping[str, list[float]]:
    """Give the least milliseconds that each viewer's list takes, and the count, asked in turns."""
    spent: dict[str, list[float]] = {}
    for text, times in ((_LIST, rounds), (_COUNT, max(2, rounds // 10))):
        found: dict[str, list[float]] = {one.words: [] for one in seen}
        for _ in range(times + 2):
            for one in seen:
                begun = perf_counter()
                async with engine.database.read(tenant, one.viewer) as tx:
                    await answer(tx, Question.of_text(text, counts=False))
                found[one.words].append((perf_counter() - begun) * 1000)
        for words, taken in found.items():
            spent.setdefault(words, []).append(min(taken[2:]))
    return spent


def show(spent: Mapping[str, list[float]]) -> None:
    """Print one line for each viewer."""
    first = next(iter(spent.values()))
    print(f"{'viewer':34}{'list ms':>10}{'ratio':>8}{'count ms':>11}{'ratio':>8}")
    for words, (listed, counted) in spent.items():
        ratios = listed / first[0], counted / first[1]
        print(f"{words:34}{listed:10.2f}{ratios[0]:8.2f}{counted:11.1f}{ratios[1]:8.2f}")


async def promote(engine: Engine, dsn: str, tenant: Tenant) -> None:
    """Give the deals a heap of their own, as the background job does where there are many."""
    viewer = Viewer(None, "Bench")
    async with engine.database.read(tenant, viewer) as tx:
        world = World(engine, tenant, viewer, tx.catalog, Counts(0))
    async with an_owner(dsn) as owner:
        await promote_in(world, owner, "Deal")


async def advise(engine: Engine, dsn: str, tenant: Tenant) -> None:
    """Make the indexes that advice gives for the list: by owner, and by what rules ask of."""
    async with engine.database.read(tenant, Viewer(None, "Bench")) as tx:
        deal = tx.catalog.get_object("Deal")
    async with an_owner(dsn) as owner:
        await owner.execute("SELECT set_config('app.tenant', $1, false)", str(tenant.id))
        made: dict[str, Json] = {}
        for number, first in enumerate(("owner", "stage"), 1):
            fields = [deal.get_field(first), deal.get_field("name")]
            columns = [column_of(one) for one in fields]
            name = f"a{number}"
            making = "SELECT making_index($1, $2, $3)"
            await owner.execute(await owner.fetchval(making, deal.id, name, columns))
            made[name] = {"fields": [one.id for one in fields], "made_on": "2026-01-01"}
        await owner.execute(
            "UPDATE component SET storage = storage || jsonb_build_object($1::text, $2::jsonb)"
            " WHERE tenant_id = $3 AND id = $4",
            *(INDEXES, write_json(made), tenant.id, deal.id),
        )
        await owner.execute(
            "UPDATE catalog_version SET version = version + 1 WHERE tenant_id = $1", tenant.id
        )
        await owner.execute(f"VACUUM ANALYZE {deal.heap}")


async def run(dsn: str, rows: int, rounds: int) -> None:
    """Furnish, measure and show; a database that was kept is measured as it was left, and on."""
    async with an_engine(dsn) as engine:
        tenant = await engine.tenants.ensure_default()
        steps = {
            "shared heap": partial(furnish, engine, dsn, rows),
            "heap of its own": partial(promote, engine, dsn, tenant),
            "heap of its own, with the indexes that advice gives": partial(
                advise, engine, dsn, tenant
            ),
        }
        behind = await _behind(engine, tenant)
        for n, (words, step) in enumerate(steps.items(), 1):
            if n > behind:
                await step()
            if n >= behind:
                async with engine.database.read(tenant, Viewer(None, "Bench")) as tx:
                    seen = viewers(tx.catalog)
                print(f"\n{words}")
                show(await measure(engine, tenant, seen, rounds))


async def _behind(engine: Engine, tenant: Tenant) -> int:
    """Give how many of the steps were taken."""
    async with engine.database.read(tenant, Viewer(None, "Bench")) as tx:
        deal = tx.catalog.get_object("Deal")
    if deal.sharing is not Sharing.PRIVATE:
        return 0
    return 1 if not has_own_heap(deal) else 2 + bool(deal.indexes)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--keep", type=Path, help="where to keep the database between runs")
    asked = parser.parse_args()
    with nullcontext(asked.keep) if asked.keep else a_directory() as directory:
        directory.mkdir(exist_ok=True, mode=0o755)
        with a_database(directory) as dsn:
            asyncio.run(run(dsn, asked.rows, asked.rounds))


if __name__ == "__main__":
    main()
