"""Files: what is known of them in PostgreSQL, their bytes in a store behind a small protocol."""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import uuid4

from sqlalchemy import BigInteger, DateTime, Integer, Text, insert, select

from fieldstone.errors import InvalidInput, NotFound
from fieldstone.ids import BadId, TenantId, format_id, parse_id
from fieldstone.metadata.tables import FILE
from fieldstone.metadata.values import JsonObject
from fieldstone.runtime.metering import check_room, meter
from fieldstone.runtime.records.held_files import readable_files
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.terms import Limit
from fieldstone.runtime.transactions import Transaction

PREFIX: Final = "file"
PLAIN_TYPE: Final = "application/octet-stream"
MOST_NAME: Final = 255
_CHUNK_BYTES: Final = 256 * 1024
_WORD: Final = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}"
_CONTENT_TYPE: Final = re.compile(f"{_WORD}/{_WORD}")
_NOT_IN_NAME: Final = re.compile(r"[\x00-\x1f\x7f/\\]+")
_TENANT: Final = parameter("tenant", Integer())
_ID: Final = parameter("id", BigInteger())
_ADD: Final = prepare(
    insert(FILE).values(
        tenant_id=_TENANT,
        id=_ID,
        name=parameter("name", Text()),
        content_type=parameter("content_type", Text()),
        size_bytes=parameter("size_bytes", BigInteger()),
        sha256=parameter("sha256", Text()),
        created_at=parameter("now", DateTime(timezone=True)),
        created_by=parameter("actor", BigInteger()),
    )
)
_ONE: Final = prepare(select(FILE).where(FILE.c.tenant_id == _TENANT, FILE.c.id == _ID))


class UnknownFile(NotFound):
    """No file of this id, or none that the viewer may read."""

    code = "file.unknown"


class FileTooLarge(InvalidInput):
    """A file beyond the limit of the place it was sent to."""

    code = "file.too_large"


@dataclass(frozen=True, slots=True)
class KeptBytes:
    """What a store kept under a key."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What is known of one file. content_type is what the sender said, for information alone."""

    id: int
    name: str
    content_type: str
    size_bytes: int
    sha256: str
    created_at: datetime

    def show(self) -> JsonObject:
        """Give it as a value of a file field holds it."""
        return {
            "id": format_id(PREFIX, self.id),
            "name": self.name,
            "size_bytes": self.size_bytes,
            "content_type": self.content_type,
        }


class FileStore(Protocol):
    """Keeps bytes by tenant and number. A number is written once and never changed."""

    async def keep(
        self, tenant: TenantId, number: int, chunks: AsyncIterator[bytes], limit_bytes: int
    ) -> KeptBytes:
        """Keep what the chunks hold, all of it or nothing. Raises FileTooLarge."""
        ...

    def read(self, tenant: TenantId, number: int) -> AsyncIterator[bytes]:
        """Give the bytes, chunk by chunk. Raises UnknownFile."""
        ...

    async def local_path(self, tenant: TenantId, number: int) -> Path:
        """Give a path on this machine from which the bytes can be read. Raises UnknownFile."""
        ...

    async def remove(self, tenant: TenantId, number: int) -> None:
        """Forget the bytes; nothing happens if there are none."""
        ...

    async def remove_all(self, tenant: TenantId) -> int:
        """Forget all bytes of a tenant that is no more; of how many files."""
        ...


class LocalFiles:
    """A store below one directory, with one for each tenant. Half a file is never seen."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def keep(
        self, tenant: TenantId, number: int, chunks: AsyncIterator[bytes], limit_bytes: int
    ) -> KeptBytes:
        path = self._path(tenant, number)
        await asyncio.to_thread(path.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            kept = await _write(unfinished, chunks, limit_bytes)
            await asyncio.to_thread(os.link, unfinished, path)
        finally:
            with suppress(FileNotFoundError):
                await asyncio.to_thread(unfinished.unlink)
        return kept

    async def read(self, tenant: TenantId, number: int) -> AsyncIterator[bytes]:
        path = await self.local_path(tenant, number)
        with await asyncio.to_thread(path.open, "rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                yield chunk

    async def local_path(self, tenant: TenantId, number: int) -> Path:
        path = self._path(tenant, number)
        if not await asyncio.to_thread(path.is_file):
            raise UnknownFile(f"The bytes of {format_id(PREFIX, number)} are gone.")
        return path

    async def remove(self, tenant: TenantId, number: int) -> None:
        with suppress(FileNotFoundError):
            await asyncio.to_thread(self._path(tenant, number).unlink)

    async def remove_all(self, tenant: TenantId) -> int:
        return await asyncio.to_thread(_remove_tree, self._directory / str(int(tenant)))

    def _path(self, tenant: TenantId, number: int) -> Path:
        name = f"{number:x}"
        return self._directory / str(int(tenant)) / name[-2:] / name


async def _write(path: Path, chunks: AsyncIterator[bytes], limit_bytes: int) -> KeptBytes:
    digest, size = hashlib.sha256(), 0
    with await asyncio.to_thread(path.open, "xb") as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > limit_bytes:
                raise FileTooLarge(
                    f"The file is larger than {limit_bytes} bytes.",
                    hint="Split it, or ask for a higher limit.",
                )
            digest.update(chunk)
            await asyncio.to_thread(file.write, chunk)
        await asyncio.to_thread(_sync, file)
    return KeptBytes(size, digest.hexdigest())


def _remove_tree(directory: Path) -> int:
    """Remove a directory and give how many files were below it."""
    count = sum(len(names) for _, _, names in os.walk(directory))
    if directory.exists():
        shutil.rmtree(directory)
    return count


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


async def add_file(
    tx: Transaction, number: int, name: str, content_type: str, kept: KeptBytes
) -> FileRecord:
    """Write down a file whose bytes are kept already. Raises StorageLimit."""
    await check_room(tx, Limit.STORAGE, kept.size_bytes)
    known = FileRecord(
        id=number,
        name=plain_name(name),
        content_type=_plain_type(content_type, name),
        size_bytes=kept.size_bytes,
        sha256=kept.sha256,
        created_at=tx.now,
    )
    await tx.run(
        _ADD,
        tenant=tx.tenant.id,
        id=number,
        name=known.name,
        content_type=known.content_type,
        size_bytes=known.size_bytes,
        sha256=known.sha256,
        now=tx.now,
        actor=tx.viewer.user_id,
    )
    await meter(tx, Limit.STORAGE, known.size_bytes)
    return known


async def load_file(tx: Transaction, number: int) -> FileRecord:
    """Load what is known of a file that the viewer may read. Raises UnknownFile.

    That is one of their own, one of a record whose field they may read, or any if they set up.
    """
    row = await tx.row(_ONE, tenant=tx.tenant.id, id=number)
    if row is None or not await readable_files(tx, {number: row["created_by"]}):
        raise UnknownFile(f"There is no file {format_id(PREFIX, number)}.")
    return FileRecord(
        id=row["id"],
        name=row["name"],
        content_type=row["content_type"],
        size_bytes=row["size_bytes"],
        sha256=row["sha256"],
        created_at=row["created_at"],
    )


def file_number(text: str) -> int:
    """Read the id of a file, such as file_1a2b. Raises UnknownFile."""
    try:
        prefix, number = parse_id(text)
    except BadId as error:
        raise UnknownFile(f"There is no file {text[:80]}.") from error
    if prefix != PREFIX:
        raise UnknownFile(f"There is no file {text[:80]}.")
    return number


def plain_name(name: str) -> str:
    """Give the last part of a file's name without what no file system or header should meet."""
    last = re.split(r"[/\\]", name)[-1]
    kept = _NOT_IN_NAME.sub(" ", last).encode(errors="replace").decode().strip()
    return kept[:MOST_NAME] or "unnamed"


def _plain_type(content_type: str, name: str) -> str:
    """Give what the sender says it is; by the name of the file if that is nothing."""
    plain = content_type.partition(";")[0].strip().lower()
    if plain in {"", PLAIN_TYPE}:
        plain = mimetypes.guess_type(name)[0] or PLAIN_TYPE
    return plain if _CONTENT_TYPE.fullmatch(plain) else PLAIN_TYPE
