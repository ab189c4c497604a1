"""A small world to ask questions of: companies, deals, and an object with all kinds of fields."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, cast

from fieldstone.clock import Clock
from fieldstone.errors import FieldstoneError
from fieldstone.ids import FieldId, format_id, parse_id
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import Json, JsonObject, read_json
from fieldstone.platform.app import Engine, open_engine
from fieldstone.platform.settings import Settings
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.queries import Page, Question, answer
from fieldstone.runtime.records.delete import delete, restore
from fieldstone.runtime.records.reading import read_values
from fieldstone.runtime.records.write import incoming_of, write
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Viewer
from tests.support.rights import having

NOW: Final = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
"""A Wednesday."""

SAMPLE: Final = (
    Component("object", "Sample__c", {"label": "Sample", "plural_label": "Samples"}),
    *(
        Component("field", f"Sample__c.{name}", {"object": "Sample__c", **cast(JsonObject, body)})
        for name, body in {
            "name": {"type": "text", "length": 1000},
            "code": {"type": "text", "indexed": False},
            "big": {"type": "number", "precision": 28, "places": 6},
            "number": {"type": "number"},
            "loose": {"type": "number", "indexed": False},
            "done": {"type": "checkbox"},
            "tags": {"type": "multi_select", "options": ["Red", "Green", "Blue"]},
            "kind": {"type": "picklist", "options": ["New", "On Hold", "Today"]},
            "day": {"type": "date"},
            "loose_day": {"type": "date", "indexed": False},
            "moment": {"type": "datetime"},
            "hour": {"type": "time"},
            "notes": {"type": "long_text"},
            "parent": {"type": "lookup", "references": "Sample__c", "child_name": "parts"},
        }.items()
    ),
)


class StillClock:
    """A clock that stands."""

    def now(self) -> datetime:
        """Give the one instant."""
        return NOW


@dataclass(frozen=True)
class World:
    """An engine over a database of its own."""

    engine: Engine
    tenant: Tenant
    viewer: Viewer

    async def create(self, name: str, *records: Mapping[str, Json]) -> list[str]:
        """Create records and give their ids."""
        async with self.engine.database.write(self.tenant, self.viewer) as tx:
            obj = tx.catalog.get_object(name)
            read = [incoming_of(read_values(obj, record, tx.rights)) for record in records]
            written = await write(tx, obj, read)
            return [format_id(obj.prefix, int(outcome.id or 0)) for outcome in written]

    async def change(self, name: str, record_id: str, values: Mapping[str, Json]) -> None:
        """Change a record."""
        async with self.engine.database.write(self.tenant, self.viewer) as tx:
            obj = tx.catalog.get_object(name)
            number = parse_id(record_id)[1]
            await write(tx, obj, [incoming_of(read_values(obj, values, tx.rights), id=number)])

    async def restore(self, name: str, record_id: str) -> None:
        """Take a record out of the bin."""
        async with self.engine.database.write(self.tenant, self.viewer) as tx:
            await restore(tx, tx.catalog.get_object(name), parse_id(record_id)[1])

    async def delete(self, name: str, record_id: str) -> None:
        """Put a record in the bin."""
        async with self.engine.database.write(self.tenant, self.viewer) as tx:
            await delete(tx, tx.catalog.get_object(name), parse_id(record_id)[1])

    async def page(self, question: Question) -> Page:
        """Answer a question."""
        async with self.engine.database.read(self.tenant, self.viewer) as tx:
            return await answer(tx, question)

    async def ask(self, text: str, **params: Json) -> list[Any]:
        """Give the records of the first page."""
        page = await self.page(Question.of_text(text, params))
        return [read_json(record) for record in page.records]

    async def values(self, text: str, **params: Json) -> list[Any]:
        """Give the last member of every record of the first page."""
        return [list(record.values())[-1] for record in await self.ask(text, **params)]

    async def problem(self, text: str, **params: Json) -> tuple[str, str, str | None]:
        """Give code, message and hint of a refusal."""
        try:
            await self.ask(text, **params)
        except FieldstoneError as error:
            return error.problem.code, error.problem.message, error.problem.hint
        raise AssertionError(f"not refused: {text}")

    async def without(self, *fields: str) -> World:
        """Give the same world for a viewer who may not read some fields, named Object.field."""
        async with self.engine.database.read(self.tenant, self.viewer) as tx:
            hidden = frozenset(self._field_id(tx.catalog, name) for name in fields)
        rights = Rights(digest=",".join(fields), unreadable_fields=hidden)
        return replace(self, viewer=replace(self.viewer, standing=having(rights)))

    async def without_object(self, name: str) -> World:
        """Give the same world for a viewer who may not read an object."""
        async with self.engine.database.read(self.tenant, self.viewer) as tx:
            hidden = frozenset({tx.catalog.get_object(name).id})
        rights = Rights(digest=f"no {name}", unreadable_objects=hidden)
        return replace(self, viewer=replace(self.viewer, standing=having(rights)))

    def in_zone(self, name: str) -> World:
        """Give the same world for a viewer elsewhere."""
        return replace(self, viewer=replace(self.viewer, time_zone=name))

    async def another_tenant(self, name: str) -> World:
        """Give an empty world in the same database."""
        tenant = await self.engine.tenants.create(name, name)
        return replace(self, tenant=tenant)

    @staticmethod
    def _field_id(catalog: Any, name: str) -> FieldId:
        obj, field = name.split(".")
        found: FieldId = catalog.get_object(obj).get_field(field).id
        return found


@asynccontextmanager
async def a_world(dsn: str, clock: Clock | None = None) -> AsyncIterator[World]:
    """Open an engine on a database, with the CRM and the object Sample."""
    engine = await open_engine(Settings(database_url=dsn), clock or StillClock())
    try:
        tenant = await engine.tenants.ensure_default()
        viewer = Viewer(None, "Test")
        async with engine.database.change_metadata(tenant, viewer) as tx:
            await change_metadata(tx, Proposal(creates=SAMPLE))
        yield World(engine, tenant, viewer)
    finally:
        await engine.close()
