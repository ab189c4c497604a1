"""The members of an archive, read within bounds: whoever made the file may have meant harm.

A small file can claim to unpack to more than any disk holds, have one line that no memory holds, or
list more members than it is worth to remember. All of that is refused before it costs much.
"""

from __future__ import annotations

import hashlib
import mmap
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from fieldstone.errors import InvalidInput
from fieldstone.metadata.values import read_json
from fieldstone.runtime.archives.content import FORMAT, MANIFEST
from fieldstone.runtime.files import KeptBytes

_MOST_MEMBERS: Final = 400_000
_MOST_MANIFEST_BYTES: Final = 50_000_000
_CHUNK_BYTES: Final = 256 * 1024
_ENTRY: Final = re.compile(rb"PK\x01\x02")
# Other methods unpack a whole block at a time, however much it claims to hold.
_METHODS: Final = (ZIP_STORED, ZIP_DEFLATED)
_LOCKED: Final = 0x1
"""The flag of a member that opens with a password (APPNOTE.TXT 4.4.4)."""

_AGAIN: Final = "Make the archive again."


class BadArchive(InvalidInput):
    """A file that is no archive of a tenant, was cut, or was changed."""

    code = "archive.bad"


class ArchiveTooLarge(InvalidInput):
    """An archive that unpacks to more than the installation takes."""

    code = "archive.too_large"


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What an archive may unpack to: in all, and in one row."""

    unpacked_bytes: int
    row_bytes: int


@dataclass(frozen=True, slots=True)
class Member:
    """What the manifest says of a member."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Members:
    """An open archive within bounds, with what its manifest says of each member."""

    archive: ZipFile
    manifest: Mapping[str, Any]
    told: Mapping[str, Member]
    limits: ArchiveLimits

    def below(self, directory: str) -> list[str]:
        """Give the names of the members in a directory."""
        return [name for name in self.told if name.startswith(f"{directory}/")]

    def rows(self, name: str) -> Iterator[tuple[dict[str, Any], int]]:
        """Give the rows of a member, each with its length in bytes.

        Raises BadArchive at its end if it is not as it was, ArchiveTooLarge at a row too long.
        """
        digest, count = hashlib.sha256(), 0
        with self.archive.open(name) as member:
            for line in _lines(member, name, self.limits.row_bytes):
                digest.update(line)
                count += 1
                row = read_json(line)
                if not isinstance(row, dict):
                    raise BadArchive(f"{name} of the archive holds what is no row.", hint=_AGAIN)
                yield row, len(line)
        self._check(name, digest.hexdigest(), count)

    def size_bytes(self, name: str) -> int:
        """Give how much a member unpacks to; more of it is never read."""
        return self.archive.getinfo(name).file_size

    @contextmanager
    def chunks(self, name: str) -> Iterator[AsyncIterator[bytes]]:
        """Give the bytes of a member for a block."""
        with self.archive.open(name) as member:
            yield _chunks(member)

    def check_bytes(self, name: str, kept: KeptBytes) -> None:
        """Compare what was kept of a member with what the manifest says. Raises BadArchive."""
        self._check(name, kept.sha256, 0)

    def _check(self, name: str, sha256: str, rows: int) -> None:
        if self.told[name] != Member(name, rows, sha256):
            raise BadArchive(f"{name} of the archive is not what its manifest says.", hint=_AGAIN)


@contextmanager
def open_archive(path: Path, limits: ArchiveLimits) -> Iterator[Members]:
    """Open an archive for a block. Raises BadArchive, ArchiveTooLarge, BadZipFile."""
    _check_directory(path)
    with ZipFile(path) as archive:
        found = archive.infolist()
        if any(one.compress_type not in _METHODS or one.flag_bits & _LOCKED for one in found):
            raise BadArchive("The archive is packed in a way that no archive is.", hint=_AGAIN)
        if sum(one.file_size for one in found) > limits.unpacked_bytes:
            raise ArchiveTooLarge(
                f"The archive unpacks to more than {limits.unpacked_bytes} bytes.",
                hint="Raise FIELDSTONE_RESTORE_LIMIT_BYTES, if you know who made it.",
            )
        manifest = _manifest(archive)
        members = [Member(str(m["name"]), m["rows"], m["sha256"]) for m in manifest["members"]]
        yield Members(archive, manifest, {one.name: one for one in members}, limits)


def _check_directory(path: Path) -> None:
    """Refuse a file of which the directory alone would fill the memory. Raises BadArchive.

    Every entry of the directory begins with the same four bytes, so there are no more than those.
    """
    if not path.stat().st_size:
        raise BadZipFile("it is empty")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        entries = _ENTRY.finditer(content)
        # Each match holds on to the file's memory; none may be left when that is given back.
        many = sum(1 for _ in islice(entries, _MOST_MEMBERS + 1)) > _MOST_MEMBERS
        del entries
    if many:
        raise BadArchive(f"The archive has more than {_MOST_MEMBERS} members.")


def _manifest(archive: ZipFile) -> dict[str, Any]:
    names = set(archive.namelist())
    if MANIFEST not in names or archive.getinfo(MANIFEST).file_size > _MOST_MANIFEST_BYTES:
        raise BadArchive("The archive has no manifest, so it was cut.", hint=_AGAIN)
    found = read_json(archive.read(MANIFEST))
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BadArchive("The archive is of a format that this version does not know.")
    return found


def _lines(member: IO[bytes], name: str, longest: int) -> Iterator[bytes]:
    while line := member.readline(longest + 1):
        if len(line) > longest:
            raise ArchiveTooLarge(
                f"{name} of the archive has a row of more than {longest} bytes.",
                hint="Raise FIELDSTONE_BODY_LIMIT_BYTES, if you know who made it.",
            )
        yield line


async def _chunks(member: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := member.read(_CHUNK_BYTES):
        yield chunk
