"""A tenant whose records are moved about: an engine, jobs run by hand, and a look at the tables."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg

from fieldstone.clock import SystemClock
from fieldstone.ids import RecordId, TenantId, format_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.definitions import object_components
from fieldstone.metadata.values import Json, read_json
from fieldstone.platform.app import Engine, open_engine
from fieldstone.platform.settings import Settings
from fieldstone.runtime.files import LocalFiles
from fieldstone.runtime.job_runs import JobContext, claim_job, run_claimed
from fieldstone.runtime.jobs import Job, JobState
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.records.delete import delete
from fieldstone.runtime.records.reading import read_values
from fieldstone.runtime.records.write import Incoming, incoming_of, write
from fieldstone.runtime.storage.job_table import storage_jobs
from fieldstone.runtime.storage.moving import Place, request_move
from fieldstone.runtime.storage.rules import StorageRules
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database, Viewer

# Whatever a job waits for is over, and whoever ran it has long been dead.
FORGET_TIME = "UPDATE job SET heartbeat_at = 'epoch', run_after = 'epoch' WHERE id = $1"
AT_ONCE = StorageRules(promote_above=100, keep_deleted=timedelta(0), grace_s=0.0, batch=100)
NO_TENANT = Tenant(TenantId(0), "none", "None", "")
THING: Mapping[str, Json] = {
    "name": "Thing",
    "fields": [
        {"name": "title", "type": "text", "required": True},
        {"name": "amount", "type": "number"},
        {"name": "day", "type": "date"},
        {"name": "kind", "type": "picklist", "options": ["a", "b", "c"]},
        {"name": "story", "type": "long_text"},
        {"name": "parent", "type": "lookup", "references": "Thing__c", "child_name": "parts"},
    ],
}


@dataclass
class StorageWorld:
    """One tenant of a database that this test alone uses."""

    dsn: str
    engine: Engine
    tenant: Tenant
    viewer: Viewer = field(default_factory=lambda: Viewer(None, "Test"))
    rules: StorageRules = AT_ONCE
    files: Path = Path("/nonexistent")

    @property
    def database(self) -> Database:
        """The door to the database."""
        return self.engine.database

    async def define(self, definition: Mapping[str, Json] = THING) -> ObjectDef:
        """Make an object."""
        async with self.database.change_metadata(self.tenant, self.viewer) as tx:
            applied = await change_metadata(tx, Proposal(creates=object_components(definition)))
        return applied.catalog.get_object(f"{definition['name']}__c")

    async def definition(self, name: str = "Thing__c") -> ObjectDef:
        """Give an object as the newest catalog has it."""
        async with self.database.read(self.tenant, self.viewer) as tx:
            return tx.catalog.get_object(name)

    async def create(self, name: str, records: Sequence[Mapping[str, Json]]) -> list[RecordId]:
        """Create records."""
        async with self.database.write(self.tenant, self.viewer) as tx:
            obj = tx.catalog.get_object(name)
            read = [incoming_of(read_values(obj, record, tx.rights)) for record in records]
            written = await write(tx, obj, read)
        return [RecordId(one.id) for one in written if one.id is not None]

    async def fill(self, count: int, name: str = "Thing__c") -> list[RecordId]:
        """Create many things, in calls of two thousand."""
        made: list[RecordId] = []
        for first in range(0, count, 2000):
            numbers = range(first, min(count, first + 2000))
            made += await self.create(name, [a_thing(number) for number in numbers])
        return made

    async def change(self, name: str, record_id: RecordId, values: Mapping[str, Json]) -> None:
        """Change one record."""
        async with self.database.write(self.tenant, self.viewer) as tx:
            obj = tx.catalog.get_object(name)
            read, problems = read_values(obj, values, tx.rights)
            assert not problems
            await write(tx, obj, [Incoming(read, id=record_id)])

    async def delete(self, name: str, record_id: RecordId) -> None:
        """Put one record in the bin."""
        async with self.database.write(self.tenant, self.viewer) as tx:
            await delete(tx, tx.catalog.get_object(name), record_id)

    async def ask(self, text: str, **params: Json) -> list[Any]:
        """Give the records of the first page."""
        async with self.database.read(self.tenant, self.viewer) as tx:
            page = await answer(tx, Question.of_text(text, params))
        return [read_json(record) for record in page.records]

    async def request(self, place: Place, name: str = "Thing__c") -> int:
        """Ask for a move, and give the job."""
        async with self.database.change_metadata(self.tenant, self.viewer) as tx:
            return await request_move(tx, tx.catalog.get_object(name), place)

    async def run(self, number: int, database: Database | None = None) -> Job:
        """Run a job in this process, as a worker does."""
        the_database = database or self.database
        await self.rows(FORGET_TIME, number)
        now = SystemClock().now()
        job = await claim_job(self.database, self.tenant, self.viewer, number, now)
        assert job is not None
        kinds = storage_jobs(self.rules, LocalFiles(self.files))
        context = JobContext(the_database, self.tenant, self.viewer, job)
        return await run_claimed(context, kinds[job.kind])

    async def run_all(self) -> list[Job]:
        """Run the jobs that wait, and those that they ask for, until none waits."""
        done: list[Job] = []
        while waiting := await self.rows(
            "SELECT id FROM job WHERE tenant_id = $1 AND state = 'waiting' ORDER BY id",
            self.tenant.id,
        ):
            for row in waiting:
                done.append(await self.run(row["id"]))
                assert done[-1].state is JobState.DONE, done[-1].result
        return done

    async def move(self, place: Place, name: str = "Thing__c") -> Job:
        """Move an object's records, and remove what they leave behind."""
        number = await self.request(place, name)
        job = await self.run(number)
        assert job.state is JobState.DONE, job.result
        await self.run_all()
        return job

    async def rows(self, statement: str, *arguments: object) -> list[Any]:
        """Look into the tables as the owner, past all policies."""
        return await look(self.dsn, statement, *arguments)

    async def value(self, statement: str, *arguments: object) -> Any:
        """Give the first value of the first row."""
        found = await self.rows(statement, *arguments)
        return found[0][0] if found else None

    async def heaps_of(self, obj: ObjectDef) -> dict[str, int]:
        """Count the rows of an object in every heap that has any."""
        counts = {}
        for row in await self.rows(
            "SELECT relname FROM pg_class WHERE relname ~ '^record_[px][0-9]+$' AND relkind = 'r'"
        ):
            name = row["relname"]
            counted = f'SELECT count(*) FROM "{name}" WHERE object_id = $1'
            counts[name] = await self.value(counted, obj.id)
        return {name: count for name, count in counts.items() if count}

    async def digest(self, obj: ObjectDef) -> str:
        """Give a digest of all rows of an object, wherever they lie."""
        parts = []
        for name in await self.heaps_of(obj):
            statement = f'SELECT h::text FROM "{name}" h WHERE object_id = $1 ORDER BY id'
            parts += [row[0] for row in await self.rows(statement, obj.id)]
        return "\n".join(parts)

    async def storage(self, obj: ObjectDef) -> Any:
        """Give what is written of where an object's values lie."""
        return read_json(await self.value("SELECT storage FROM component WHERE id = $1", obj.id))

    def text_id(self, obj: ObjectDef, record_id: RecordId) -> str:
        """Give an id as callers see it."""
        return format_id(obj.prefix, record_id)

    def with_rules(self, **changes: Any) -> StorageWorld:
        """Give the same world with other limits."""
        return replace(self, rules=replace(self.rules, **changes))


def a_thing(number: int) -> dict[str, Json]:
    """Give the values of one thing; amounts are whole, so that their sum is exact."""
    return {
        "title": f"Thing {number}",
        "amount": number,
        "day": f"2026-01-{number % 28 + 1:02d}",
        "kind": "abc"[number % 3],
        "story": f"Once {number}" if number % 10 == 0 else None,
    }


@asynccontextmanager
async def a_storage_world(dsn: str, tenant: str | None = "default") -> AsyncIterator[StorageWorld]:
    """Open an engine on a database; tenant None stands for one that is made later."""
    engine = await open_engine(Settings(database_url=dsn))
    try:
        found = NO_TENANT if tenant is None else await engine.directory.get(tenant)
        yield StorageWorld(dsn, engine, found)
    finally:
        await engine.close()


async def look(dsn: str, statement: str, *arguments: object) -> list[Any]:
    """Run a statement as the owner, past all policies."""
    connection = await asyncpg.connect(dsn)
    try:
        found: list[Any] = await connection.fetch(statement, *arguments)
        return found
    finally:
        await connection.close()
