"""Writes an archive: a ZIP file that is made as it is read, of one instant, in little memory.

The manifest comes last: an archive without one was cut.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import ARRAY, Select, Table, Text, cast, func, literal, select

from fieldstone.ids import TenantId
from fieldstone.metadata.tables import CATALOG_VERSION, FILE, heap
from fieldstone.metadata.values import Json, write_json
from fieldstone.runtime.archives.content import FILES, FORMAT, HEAP, MANIFEST, PARTS
from fieldstone.runtime.files import FileStore
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.records.heap_statements import inline
from fieldstone.runtime.statements import prepare
from fieldstone.runtime.transactions import Transaction

_PORTION: Final = 500


class _Outlet(io.RawIOBase):
    """Takes what the ZIP file writes, until it is taken from here."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """Give what was written since the last time."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


@dataclass(slots=True)
class _Archive:
    outlet: _Outlet = field(default_factory=_Outlet)
    members: list[Json] = field(default_factory=list)
    file: ZipFile = field(init=False)

    def __post_init__(self) -> None:
        self.file = ZipFile(self.outlet, "w", ZIP_DEFLATED)

    async def add(
        self, name: str, portions: AsyncIterator[tuple[int, bytes]]
    ) -> AsyncGenerator[bytes, None]:
        """Write a member out of portions, each with how many rows it has, and note what it is."""
        digest, rows, size = hashlib.sha256(), 0, 0
        with self.file.open(name, "w", force_zip64=True) as member:
            async for count, portion in portions:
                digest.update(portion)
                rows, size = rows + count, size + len(portion)
                member.write(portion)
                yield self.outlet.taken()
        self.members.append(
            {"name": name, "rows": rows, "bytes": size, "sha256": digest.hexdigest()}
        )
        yield self.outlet.taken()

    def end(self, manifest: dict[str, Json]) -> bytes:
        """Write the manifest and close the file."""
        self.file.writestr(MANIFEST, write_json({**manifest, "members": self.members}))
        self.file.close()
        return self.outlet.taken()


async def write_archive(tx: Transaction, files: FileStore) -> AsyncGenerator[bytes, None]:
    """Give an archive of everything in the tenant of tx, which looks at one instant."""
    archive = _Archive()
    for part in PARTS:
        rows = select(_whole(part.table, ("tenant_id", *part.without)).label("row")).where(
            part.table.c.tenant_id == inline(tx.tenant.id)
        )
        ordered = rows.order_by(*(part.table.c[name] for name in part.order))
        async for chunk in archive.add(part.member, _lines(tx, ordered)):
            yield chunk
    for name in await _heaps(tx):
        table = heap(name)
        rows = select(_whole(table, ("tenant_id",)).label("row")).where(
            table.c.tenant_id == inline(tx.tenant.id)
        )
        member = f"{HEAP}/{name}.ndjson"
        async for chunk in archive.add(member, _lines(tx, rows.order_by(table.c.id))):
            yield chunk
    async for chunk in _bytes_of_files(tx, archive, files):
        yield chunk
    yield archive.end(await _manifest(tx))


async def _bytes_of_files(
    tx: Transaction, archive: _Archive, files: FileStore
) -> AsyncGenerator[bytes, None]:
    numbers = prepare(
        select(FILE.c.id).where(FILE.c.tenant_id == inline(tx.tenant.id)).order_by(FILE.c.id)
    )
    for row in await tx.rows(numbers):
        async for chunk in archive.add(f"{FILES}/{row['id']:x}", _bytes(tx, files, row["id"])):
            yield chunk


async def _bytes(
    tx: Transaction, files: FileStore, number: int
) -> AsyncIterator[tuple[int, bytes]]:
    async for portion in files.read(TenantId(tx.tenant.id), number):
        yield 0, portion


def _whole(table: Table, without: tuple[str, ...]) -> Any:
    """Build a row as JSON, whatever columns it has, but for some."""
    left = cast(literal(list(without), ARRAY(Text()), literal_execute=True), ARRAY(Text()))
    return cast(func.to_jsonb(table.table_valued()).op("-")(left), Text())


async def _lines(tx: Transaction, rows: Select[Any]) -> AsyncIterator[tuple[int, bytes]]:
    statement = prepare(rows)
    async with tx.cursor(statement.sql, statement.arguments({})) as fetch:
        while found := await fetch(_PORTION):
            yield len(found), "".join(f"{row['row']}\n" for row in found).encode()


async def _heaps(tx: Transaction) -> list[str]:
    """Give the heaps in which records of the tenant lie, deleted objects included."""
    objects = [one for one in await load_components(tx) if one.component.kind == "object"]
    return sorted(
        {tx.tenant.leaf, *(str(one.storage["heap"]) for one in objects if "heap" in one.storage)}
    )


async def _manifest(tx: Transaction) -> dict[str, Json]:
    version = prepare(
        select(CATALOG_VERSION.c.version).where(CATALOG_VERSION.c.tenant_id == inline(tx.tenant.id))
    )
    return {
        "format": FORMAT,
        "tenant": tx.tenant.name,
        "label": tx.tenant.label,
        "plan": tx.tenant.terms.plan,
        "made_at": tx.now.isoformat(),
        "catalog_version": await tx.value(version),
    }
