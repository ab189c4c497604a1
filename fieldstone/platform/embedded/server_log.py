"""What an embedded server writes: kept in one file, and quoted when it does not start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_KEPT_BYTES = 10_000_000
_QUOTED_BYTES = 2_000


class ServerLog:
    """A log file that is set aside when it has grown large, one old one being kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._start = 0

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Give the file to append to; what is quoted later begins here."""
        if self._path.exists() and self._path.stat().st_size > _KEPT_BYTES:
            self._path.replace(self._path.with_suffix(".log.old"))
        with self._path.open("ab") as log:
            self._start = log.tell()
            yield log

    def tail(self) -> str:
        """Give the last that was written since the file was opened."""
        with self._path.open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(self._start, size - _QUOTED_BYTES))
            return log.read().decode("utf-8", "replace").strip()
