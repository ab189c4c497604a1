"""Two tenants of one installation, full of things that bear their mark, and all that they can ask.

A neighbour's mark stands in whatever it has that has a name. It is never sent by the other one, so
that wherever it turns up, in an answer or in the other's rows, something got across.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from hypothesis import strategies as st

from fieldstone.platform.worker import Worker
from tests.support.app import Api, client_of, owner_connection
from tests.support.imports import opened_desk
from tests.support.route_addresses import Address, every_address, filled, gaps_of, readings

BESIDE: Final = "beside"
PASSWORD: Final = "four unrelated words here"
_ID: Final = re.compile(r"\b[a-z]{2,16}_[0-9a-f]{9,16}\b")
_TABLES: Final = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
  AND a.attname = 'tenant_id' AND NOT a.attisdropped ORDER BY 1"""
_DIGEST: Final = """
SELECT concat(count(*), md5(string_agg(t::text, ';' ORDER BY t::text))) FROM "{0}" t
WHERE tenant_id = $1"""
_HELD: Final = """SELECT count(*) FROM "{0}" t WHERE tenant_id = $1 AND t::text LIKE $2"""
_BESIDE: Final = """
SELECT n FROM generate_series(3, 1000) n, tenant t
WHERE t.id = 1 AND satisfies_hash_partition('record'::regclass, 16, right(t.leaf, 2)::int, n)
ORDER BY n LIMIT 1"""
_JOBS: Final = "SELECT id FROM job WHERE tenant_id = $1 ORDER BY id"
# Whoever deletes the tenant's own people or ends its sessions has no more to ask.
_ENDS: Final = (
    *("/sign-out", "/api/session", "/api/sessions", "/api/account", "/admin/account"),
    *("/api/platform", "/api/welcome", "/api/claim", "/sign-in", "/welcome"),
)
_OF_A_KIND: Final = 2
_ORDER: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_NAMES: Final = ("Mark", "Deal", "Company", "Sees", "Chief", "Peer", "Program", "name")


@dataclass(slots=True)
class Neighbour:
    """One of the two. mark: stands in all it has; ids: what its own answers tell of.

    numbers: those of its jobs, which are too short to be looked for in answers.
    """

    number: int
    mark: str
    api: Api
    ids: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Street:
    """Both neighbours in one database, and a worker for their jobs."""

    dsn: str
    mine: Neighbour
    theirs: Neighbour
    worker: Worker


@dataclass(frozen=True, slots=True)
class Knock:
    """A request with the ids of a neighbour."""

    address: Address
    body: Any = None
    query: str = ""

    @property
    def sent(self) -> str:
        """All that it tells of by itself."""
        return f"{self.address.path} {self.query} {self.body}"

    async def send(self, api: Api) -> httpx.Response:
        """Send it."""
        path = self.address.path + (f"?{self.query}" if self.query else "")
        return await api.send(self.address.method, path, self.body)


@asynccontextmanager
async def opened_street(dsn: str, directory: Path) -> AsyncIterator[Street]:
    """Open both tenants, each with something of everything, for a block."""
    async with opened_desk(dsn, directory) as desk, client_of(desk.app, BESIDE) as other:
        number = await _settle_beside(dsn)
        tenant = await desk.app.state.engine.tenants.create(BESIDE, "Beside")
        assert tenant.id == number
        mine, theirs = Neighbour(1, "oakmark", desk.api), Neighbour(number, "elmmark", other)
        for one in (mine, theirs):
            await _furnish(one)
        street = Street(dsn, mine, theirs, desk.worker)
        await run_jobs(street, mine, theirs)
        seen = [await _look_round(one) for one in (mine, theirs)]
        for one, ids in zip((mine, theirs), seen, strict=True):
            # Examples in documents are the same for everybody.
            jobs = (await one.api.get("/api/jobs"))["jobs"]
            one.numbers = [str(job["id"]) for job in jobs][:_OF_A_KIND]
            one.ids = _few([key for key in ids if not all(key in some for some in seen)])
        yield street


async def _settle_beside(dsn: str) -> int:
    """Give the number of the next tenant, whose records shall lie in the leaf of the first's."""
    async with owner_connection(dsn) as owner:
        number: int = await owner.fetchval(_BESIDE)
        await owner.fetchval("SELECT setval('tenant_id_seq', $1 - 1)", number)
        return number


async def _furnish(one: Neighbour) -> None:
    """Make something of everything, by the address that people use for it."""
    api, mark = one.api, one.mark
    await api.post("/api/claim", {"email": f"ada@{mark}.example", "password": PASSWORD})
    await api.patch("/api/organization", {"name": f"{mark} works"})
    fields = [{"name": "name", "type": "text"}, {"name": "scan", "type": "file"}]
    thing = {"name": "Mark", "plural_name": "Marks", "description": mark, "fields": fields}
    await api.post("/api/objects", thing)
    company = await api.post("/companies", {"name": f"{mark} company"})
    deals = [{"name": f"{mark} deal {n}", "company": company["id"]} for n in range(3)]
    made = await api.post("/api/records/Deal", {"records": deals}, status=200)
    gone = made["results"][2]["id"]
    await api.delete(f"/api/records/Deal/{gone}")
    await api.post("/contacts", {"last_name": mark, "email": f"c@{mark}.example"})
    upload = await api.http.post("/api/files", files={"file": (f"{mark}.txt", mark.encode())})
    await api.post("/api/records/Mark__c", {"name": mark, "scan": upload.json()})
    for kind, body in (
        ("role", {"name": "Chief", "label": f"{mark} chief"}),
        ("permission_set", {"name": "Sees", "label": f"{mark} sees"}),
    ):
        await api.post(f"/api/metadata/components/{kind}", body)
    person = {"email": f"ben@{mark}.example", "name": f"{mark} Ben", "permission_sets": ["Sees"]}
    ben = await api.post("/api/people", person)
    team = await api.post("/api/teams", {"name": f"{mark} team"})
    await api.send("POST", f"/api/teams/{team['id']}/people", {"users": [ben["id"]]})
    shared = {"with": {"user": ben["id"]}, "access": "read"}
    await api.send("POST", f"/api/records/Deal/{made['results'][0]['id']}/shares", shared)
    await api.post("/api/tokens", {"name": f"{mark} token"})
    await api.send("POST", "/api/service-users", {"name": f"{mark} robot"})
    await _begin_jobs(one)


async def _begin_jobs(one: Neighbour) -> None:
    """Ask for work in the background."""
    lines = "".join(f"{one.mark} row {n}\n" for n in range(3))
    files = {"file": ("list.csv", f"name\n{lines}".encode())}
    await one.api.http.post("/api/import", files=files, data={"object": "Company"})
    asked = {"q": "SELECT name FROM Company", "format": "csv"}
    await one.api.send("POST", "/api/exports", asked)
    await one.api.send("POST", "/api/storage/Deal/promote")


async def _look_round(one: Neighbour) -> dict[str, None]:
    """Give the ids that a neighbour is told of by every list it has, in the order of telling."""
    found: dict[str, None] = {}
    listed = [f"/api/records/{name}" for name in ("Deal", "Company", "Contact", "Mark__c", "User")]
    listed += [one.path for one in readings() if not gaps_of(one)]
    for path in listed:
        found |= dict.fromkeys(_ID.findall((await one.api.send("GET", path)).text))
    return found


def _few(ids: Iterable[str]) -> list[str]:
    """Give some ids of each kind of thing."""
    kinds: dict[str, list[str]] = {}
    for one in ids:
        kinds.setdefault(one.rpartition("_")[0], []).append(one)
    return [one for some in kinds.values() for one in some[:_OF_A_KIND]]


async def run_jobs(street: Street, *whose: Neighbour) -> None:
    """Run all jobs of some neighbours, those of different ones at the same time."""

    async def run(one: Neighbour) -> None:
        async with owner_connection(street.dsn) as owner:
            waiting = [row["id"] for row in await owner.fetch(_JOBS, one.number)]
        for number in waiting:
            await street.worker.run_job(one.number, number)

    await asyncio.gather(*(run(one) for one in whose))


def sweep(theirs: Neighbour) -> list[Knock]:
    """Give a request to every address with each of a neighbour's ids, as far as it takes one."""
    found: list[Knock] = []
    # What deletes comes last, or there would be nothing left to ask of.
    for address in sorted(knockable(), key=lambda one: _ORDER.index(one.method)):
        ids = [*theirs.ids, *theirs.numbers] if gaps_of(address) else theirs.ids[:1]
        for one in ids:
            gaps = {"id": one, "user": one, "token": one, "advice": one, "with": one, "value": one}
            found.append(Knock(filled(address, gaps), _body(one)))
    return _distinct(found)


def knocks(theirs: Neighbour, mine: Neighbour) -> st.SearchStrategy[Knock]:
    """Give a strategy for requests to anything, with ids of either and names of both."""
    ids = st.sampled_from([*theirs.ids, *theirs.numbers, *mine.ids, *mine.numbers])
    gaps = st.fixed_dictionaries({"*": ids, "object": st.sampled_from(_NAMES)})

    def build(address: Address, given: dict[str, str], one: str, query: str) -> Knock:
        name = {"name": given["object"], "field": "name", "plural": f"{given['object'].lower()}s"}
        gaps = dict.fromkeys(gaps_of(address), given["*"]) | {
            key: value for key, value in {**name, **given}.items() if key in gaps_of(address)
        }
        asked = query if address.method == "GET" else ""
        return Knock(filled(address, gaps), _body(one), asked)

    queries = st.sampled_from(("", "count=1", "limit=2000", "q=mark", "format=csv", "tab=related"))
    return st.builds(build, st.sampled_from(knockable()), gaps, ids, queries)


def knockable() -> list[Address]:
    """Give the addresses after which a neighbour can go on asking."""
    return [one for one in every_address() if not one.route.startswith(_ENDS)]


def _distinct(found: Iterable[Knock]) -> list[Knock]:
    return list({(one.address.method, one.address.path): one for one in found}.values())


def _body(one: str) -> dict[str, Any]:
    """Give a body that puts an id wherever some address might take one."""
    return {
        "name": "new",
        "last_name": "new",
        "label": "New",
        "subject": "new",
        "company": one,
        "owner": one,
        "contact": one,
        "parent": one,
        "user": one,
        "person": one,
        "scan": {"id": one},
        "with": {"user": one},
        "access": "edit",
        "people": [one],
        "ids": [one],
        "id": one,
        "role": "Chief",
        "q": f"SELECT name FROM Deal WHERE id = '{one}'",
    }


def leaks(knock: Knock, answer: httpx.Response, theirs: Neighbour) -> list[str]:
    """Tell what an answer says of the neighbour that was not in the question."""
    told = f"{answer.text} {answer.headers}"
    found = [theirs.mark] if theirs.mark in told else []
    found += [one for one in set(_ID.findall(told)) & set(theirs.ids) if one not in knock.sent]
    return [f"{knock.address}: {one}: {answer.text[:200]}" for one in found]


async def send_all(knocks: Sequence[Knock], me: Neighbour, theirs: Neighbour) -> list[str]:
    """Send requests one after another; what got across, and what failed on our side."""
    found = []
    for knock in knocks:
        answer = await knock.send(me.api)
        found += leaks(knock, answer, theirs)
        if answer.status_code == 500:
            found.append(f"{knock.address} {knock.address.path}: 500")
    return found


async def rows_of(dsn: str, one: Neighbour, besides: Sequence[str] = ()) -> dict[str, str]:
    """Give a digest of all that a neighbour has in each table."""
    async with owner_connection(dsn) as owner:
        names = [row["relname"] for row in await owner.fetch(_TABLES)]
        return {
            name: await owner.fetchval(_DIGEST.format(name), one.number)
            for name in names
            if name not in besides
        }


async def tables_with_mark(dsn: str, me: Neighbour, theirs: Neighbour) -> list[str]:
    """Give the tables in which rows of one neighbour hold the mark of the other."""
    async with owner_connection(dsn) as owner:
        names = [row["relname"] for row in await owner.fetch(_TABLES)]
        return [
            name
            for name in names
            if await owner.fetchval(_HELD.format(name), me.number, f"%{theirs.mark}%")
        ]
