"""What tells whether a component is still as it was when its page was opened.

Its form sends the mark along, so that of two people who change the same the second is told, rather
than undoing what the first has saved.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from fieldstone.errors import Conflict
from fieldstone.metadata.values import write_canonical

_LENGTH: Final = 32


class Moved(Conflict):
    """A component that somebody else changed while it was being changed here."""

    code = "page.moved"


def mark_of(body: Any) -> str:
    """Give the mark of a component's body; "" where there is none yet."""
    if body is None:
        return ""
    held = write_canonical(msgspec.to_builtins(body))
    return hashlib.sha256(held).hexdigest()[:_LENGTH]


def check_unmoved(noun: str, seen: str, now: str) -> None:
    """Refuse to save over what somebody else has changed meanwhile. Raises Moved.

    seen: the mark that the page was opened with. now: the one of what is there.
    """
    if seen != now:
        hint = "Save again to put this in its place, or open the page again."
        raise Moved(f"Somebody else changed this {noun}.", hint=hint)
