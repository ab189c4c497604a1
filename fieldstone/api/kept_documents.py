"""Descriptions of the API that were made once, kept for whoever asks next."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

_MOST_BYTES: Final = 16_000_000


Key = tuple[int, int, str]
"""Tenant, version of its catalog, digest of the viewer's rights."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it is sent."""

    body: bytes
    etag: str


class DocumentStore:
    """The documents of a process, up to so many bytes; the least used falls out."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._size_bytes = 0
        self._kept: OrderedDict[Key, Document] = OrderedDict()

    @property
    def size_bytes(self) -> int:
        """How much is kept."""
        return self._size_bytes

    def find(self, key: Key) -> Document | None:
        """Give a document that is kept."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Key, body: bytes) -> Document:
        """Keep a document, unless it is larger than all that may be kept."""
        made = Document(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
        if len(body) > self._most_bytes:
            return made
        self._kept[key] = made
        self._size_bytes += len(body)
        while self._size_bytes > self._most_bytes:
            _, fallen = self._kept.popitem(last=False)
            self._size_bytes -= len(fallen.body)
        return made
