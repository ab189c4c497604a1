"""What may belong to any record, such as tasks and notes, and so to those of a package."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.integrations.salesforce.contents import RECORDS
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.report import Line, Outcome
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import Json


def attach(reference: str, target: str, names: Names) -> str | None:
    """Let a reference to several objects point to one more; None where it is none of these.

    reference: as Salesforce calls it, such as Task.WhatId.
    """
    written, _, own = reference.partition(".")
    owner = names.find_object(written)
    known = None if owner is None else names.find_field(owner, own)
    if known is None or known.type != "polymorphic" or names.holds(target) != RECORDS:
        return None
    full = f"{owner}.{known.name}"
    if target not in known.targets:
        names.contents.attached.setdefault(full, {})[target] = None
    return full


def pointing_further(
    full: str, targets: list[str], names: Names
) -> Iterator[tuple[Component, Line]]:
    """Yield a reference of others that points to objects of the package as well."""
    there = names.stored("field", full)
    held = None if there is None else there.body.get("references")
    if there is None or not isinstance(held, list | tuple):
        return
    more: list[Json] = [one for one in targets if one not in held]
    if more:
        body = {**there.body, "references": [*held, *more]}
        note = f"It may point to {', '.join(map(str, more))[:500]} as well."
        line = Line("StandardField", full, "", Outcome.NOTED, (note,))
        yield Component(there.kind, there.name, body, there.package), line
