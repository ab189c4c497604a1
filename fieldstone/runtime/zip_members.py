"""Members of ZIP files of strangers are unpacked within bounds, whatever the file announces.

A few hundred bytes may stand for gigabytes. bzip2 and LZMA unpack all of them in one go, however
few are asked for, so that only what is stored or deflated is read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

_LOCKED: Final = 0x1
_CHUNK_BYTES: Final = 64 * 1024
_MOST_AT_ONCE: Final = 1 << 20
_LOCAL_HEADER_BYTES: Final = 30
NOT_ZIP: Final = (
    BadZipFile,
    NotImplementedError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    OverflowError,
    struct.error,
)
"""What reading a ZIP file may raise where it is damaged, or none."""


class RefusedZip(Exception):
    """A ZIP file that is not read, and why, in a sentence without its full stop."""


def unpacked(
    archive: ZipFile, members: Iterable[ZipInfo], most_bytes: int, most_in_all: int
) -> Iterator[tuple[ZipInfo, bytes]]:
    """Yield members with what they hold; the bytes are counted while they are read.

    most_bytes: of one member. most_in_all: of all of them. Raises RefusedZip and NOT_ZIP.
    """
    left = most_in_all
    for member in members:
        check_packing(member)
        with archive.open(member) as opened:
            data = opened.read(min(most_bytes, left) + 1)
        if len(data) > most_bytes:
            raise RefusedZip(f"{member.filename[:200]} is larger than {most_bytes:,} bytes")
        left -= len(data)
        if left < 0:
            raise RefusedZip(f"The zip unpacks to more than {most_in_all:,} bytes")
        yield member, data


def check_packing(member: ZipInfo) -> None:
    """Refuse what is locked, or packed in a way that unpacks all in one go. Raises RefusedZip."""
    if member.flag_bits & _LOCKED:
        raise RefusedZip("The zip is locked by a password")
    if member.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise RefusedZip(f"{member.filename[:200]} is packed in a way that is not read")


def inflated(file: IO[bytes], member: ZipInfo) -> Iterator[bytes]:
    """Yield a member in small pieces as it is, whatever its headers say of its size.

    file: the zip itself. For members of which nobody holds the whole at once, and of which others
    may read more than the headers say. Raises RefusedZip and NOT_ZIP.
    """
    check_packing(member)
    file.seek(member.header_offset)
    header = file.read(_LOCAL_HEADER_BYTES)
    lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    file.seek(lengths, 1)
    packed = _portions(file, member.compress_size)
    if member.compress_type == ZIP_STORED:
        yield from packed
        return
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for portion in packed:
        rest = portion
        while rest and not inflater.eof:
            yield inflater.decompress(rest, _MOST_AT_ONCE)
            rest = inflater.unconsumed_tail
    while not inflater.eof and (piece := inflater.decompress(b"", _MOST_AT_ONCE)):
        yield piece


def _portions(file: IO[bytes], size: int) -> Iterator[bytes]:
    while size > 0 and (portion := file.read(min(size, _CHUNK_BYTES))):
        size -= len(portion)
        yield portion
