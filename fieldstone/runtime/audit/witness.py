"""A witness outside of the database: the hash of every seal, one line each, in a file per tenant.

Who can write to the database cannot write here. A chain that was made anew, or lost its end, does
not agree with what was written: what was written first of a seal stands, whatever comes later.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.runtime.audit.seals import Seal

_END_BYTES: Final = 8_192
"""Of a file, where its newest lines are: those of some dozens of seals."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Writes to and reads from a directory."""

    directory: Path

    async def note(self, tenant_id: int, seal: Seal) -> None:
        """Write a seal down, and return once it lies on the disk."""
        told = {"number": seal.number, "hash": seal.hash.hex(), "at": write_instant(seal.at)}
        await asyncio.to_thread(self._append, tenant_id, json.dumps(told))

    async def read(self, tenant_id: int) -> Mapping[int, frozenset[str]]:
        """Give the hashes that were written down, by the numbers of the seals; of each, one."""
        return await asyncio.to_thread(self._read, tenant_id)

    async def newest(self, tenant_id: int) -> tuple[int, str] | None:
        """Give the newest seal that was written down, and its hash; None if there is none."""
        return await asyncio.to_thread(self._newest, tenant_id)

    async def forget(self, tenant_id: int) -> None:
        """Forget a tenant that is no more."""
        await asyncio.to_thread(self._path(tenant_id).unlink, missing_ok=True)

    def _path(self, tenant_id: int) -> Path:
        return self.directory / f"{tenant_id}.ndjson"

    def _append(self, tenant_id: int, line: str) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._path(tenant_id).open("a") as file:
            # A line that a crash cut off is none, and spoils no other.
            file.write(f"\n{line}\n" if file.tell() else f"{line}\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self, tenant_id: int) -> Mapping[int, frozenset[str]]:
        path, found = self._path(tenant_id), defaultdict[int, set[str]](set)
        if path.exists():
            with path.open("rb") as file:
                for number, digest in _told(file):
                    found[number].add(digest)
        return {number: frozenset(hashes) for number, hashes in found.items()}

    def _newest(self, tenant_id: int) -> tuple[int, str] | None:
        path, newest = self._path(tenant_id), None
        if path.exists():
            with path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _END_BYTES))
                for one in _told(file):
                    newest = one if newest is None or one[0] > newest[0] else newest
        return newest


def _told(lines: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    for line in lines:
        with suppress(ValueError):
            told = json.loads(line)
            yield told["number"], told["hash"]
