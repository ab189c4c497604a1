"""Files that no record holds: sources of imports, results of exports; looked through for words."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Final
from zipfile import BadZipFile, ZipFile, is_zipfile

from sqlalchemy import select

from fieldstone.errors import NotFound
from fieldstone.ids import TenantId
from fieldstone.metadata.retention import Kept
from fieldstone.runtime.files import FileStore
from fieldstone.runtime.privacy.due import HEAPS
from fieldstone.runtime.statements import prepare
from fieldstone.runtime.transactions import Transaction

_CHUNK_BYTES: Final = 1024 * 1024
_ENCODINGS: Final = ("utf-8", "utf-16-le", "utf-16-be", "cp1252")
_LOOSE: Final = prepare(select(HEAPS[Kept.FILES].key.label("id")).where(HEAPS[Kept.FILES].due))


async def load_loose_files(tx: Transaction) -> list[int]:
    """Give the numbers of the files that no record holds."""
    return [row["id"] for row in await tx.rows(_LOOSE, tenant=tx.tenant.id)]


async def mentioning(
    files: FileStore, tenant: TenantId, numbers: Iterable[int], words: Collection[str]
) -> list[int]:
    """Give those of some files that say one of these words, workbooks and archives included."""
    wanted = _as_bytes(words)
    found = []
    for number in numbers if wanted else ():
        try:
            path = await files.local_path(tenant, number)
        except NotFound:
            continue
        if await asyncio.to_thread(_says, path, wanted):
            found.append(number)
    return found


def _as_bytes(words: Collection[str]) -> list[bytes]:
    """Give words as files may hold them, in the encodings that imports read.

    Letters of ASCII are small, as they are in what is searched; of others both cases are looked
    for, since bytes do not tell which letters they are.
    """
    found: dict[bytes, None] = {}
    for word in words:
        for text in (word.lower(), word.upper()):
            for encoding in _ENCODINGS:
                with suppress(UnicodeEncodeError):
                    found[text.encode(encoding).lower()] = None
    return list(found)


def _says(path: Path, words: list[bytes]) -> bool:
    if is_zipfile(path):
        try:
            with ZipFile(path) as archive:
                return any(_in_member(archive, name, words) for name in archive.namelist())
        except (BadZipFile, RuntimeError, NotImplementedError):
            return False
    with path.open("rb") as file:
        return _in_stream(file, words)


def _in_member(archive: ZipFile, name: str, words: list[bytes]) -> bool:
    with archive.open(name) as member:
        return _in_stream(member, words)


def _in_stream(stream: IO[bytes], words: list[bytes]) -> bool:
    return any(
        word in part for part in _overlapping(stream, max(map(len, words))) for word in words
    )


def _overlapping(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield a stream in parts that each begin with the end of the one before, in small letters."""
    end = b""
    while chunk := stream.read(_CHUNK_BYTES):
        part = end + chunk.lower()
        yield part
        end = part[-size:]
