"""The fidelity report: what became of each part of a package, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from fieldstone.metadata.values import Json


class Outcome(StrEnum):
    """What became of a part of a package."""

    IMPORTED = "imported"
    NOTED = "imported_with_note"
    NOT_APPLICABLE = "not_applicable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one part. type, name: as Salesforce calls it. path: the file it came from."""

    type: str
    name: str
    path: str
    outcome: Outcome = Outcome.IMPORTED
    notes: tuple[str, ...] = ()

    def noting(self, *notes: str) -> Line:
        """Give the line with more to say of the part."""
        if not notes:
            return self
        outcome = Outcome.NOTED if self.outcome is Outcome.IMPORTED else self.outcome
        told = tuple(dict.fromkeys((*self.notes, *notes)))
        return replace(self, outcome=outcome, notes=told)

    def failed(self, *reasons: str) -> Line:
        """Give the line of a part that could not be brought over, or not as what it was."""
        told = tuple(dict.fromkeys((*self.notes, *reasons)))
        return replace(self, outcome=Outcome.FAILED, notes=told)

    def as_json(self) -> dict[str, Json]:
        """Give the line as callers see it."""
        return {
            "type": self.type,
            "name": self.name,
            "path": self.path,
            "outcome": str(self.outcome),
            "notes": list(self.notes),
        }


def not_applicable(type_: str, name: str, path: str, why: str) -> Line:
    """Give the line of a part that has no place here."""
    return Line(type_, name, path, Outcome.NOT_APPLICABLE, (why,))


def totals(lines: Iterable[Line]) -> Mapping[str, Mapping[str, int]]:
    """Count the lines of each type by what became of them, in order of type."""
    found: dict[str, Counter[str]] = {}
    for line in lines:
        found.setdefault(line.type, Counter())[str(line.outcome)] += 1
    return {name: dict(sorted(found[name].items())) for name in sorted(found)}
