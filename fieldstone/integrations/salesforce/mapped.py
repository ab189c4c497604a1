"""What a part of a package becomes: components, notes on what of it is different, or neither."""

from __future__ import annotations

from dataclasses import dataclass

from fieldstone.integrations.salesforce.report import Outcome
from fieldstone.metadata.component import Component


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one item becomes.

    components: what it asks for. notes: what of it is kept otherwise, or not kept, in whole
    sentences. outcome: what became of it, where that is not told by the notes alone.
    """

    components: tuple[Component, ...] = ()
    notes: tuple[str, ...] = ()
    outcome: Outcome | None = None


def left_out(why: str) -> Mapped:
    """Give an item that has no place here."""
    return Mapped((), (why,), Outcome.NOT_APPLICABLE)


def failed(why: str) -> Mapped:
    """Give an item that should have a place here, and could not be read."""
    return Mapped((), (why,), Outcome.FAILED)
