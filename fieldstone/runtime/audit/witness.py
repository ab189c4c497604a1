"""A witness outside of the database: the hash of every seal, one line each, in a file per tenant.

Who can write to the database cannot write here. A chain that was made anew, or lost its end, does
not agree with what was written.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.runtime.audit.seals import Seal


@dataclass(frozen=True, slots=True)
class Witness:
    """Writes to and reads from a directory."""

    directory: Path

    async def note(self, tenant_id: int, seal: Seal) -> None:
        """Write a seal down, and return once it lies on the disk."""
        told = {"number": seal.number, "hash": seal.hash.hex(), "at": write_instant(seal.at)}
        await asyncio.to_thread(self._append, tenant_id, json.dumps(told))

    async def read(self, tenant_id: int) -> Mapping[int, str]:
        """Give the hashes that were written down, by the numbers of the seals."""
        return await asyncio.to_thread(lambda: dict(self._lines(tenant_id)))

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

    def _lines(self, tenant_id: int) -> Iterator[tuple[int, str]]:
        path = self._path(tenant_id)
        if not path.exists():
            return
        with path.open() as file:
            for line in file:
                with suppress(ValueError):
                    told = json.loads(line)
                    yield told["number"], told["hash"]
