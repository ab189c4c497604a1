"""What differs between two bodies of a component, place by place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.values import Json, JsonObject


class _Missing:
    """Stands for a value that one of the two does not have."""


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Difference:
    """One place of a body: a JSON pointer, and what stands there before and after.

    MISSING is where one of the two has nothing there.
    """

    at: str
    before: Json | _Missing
    after: Json | _Missing

    def as_json(self) -> JsonObject:
        """Give it as callers see it: without "before" for what is new, or "after" for what went."""
        sides = {"before": self.before, "after": self.after}
        return {
            "at": self.at,
            **{key: value for key, value in sides.items() if not isinstance(value, _Missing)},
        }


def differences(change: ComponentChange) -> tuple[Difference, ...]:
    """Give what a change makes different: name and body of what stays, all of what comes or goes.

    Objects are compared key by key, everything else as a whole.
    """
    before, after = change.before, change.after
    if before is None or after is None or change.operation in ("remove", "restore"):
        return ()
    found = list(_below(before.body, after.body, ""))
    if before.name != after.name:
        found.insert(0, Difference("/name", before.name, after.name))
    return tuple(found)


def _below(before: Json | _Missing, after: Json | _Missing, at: str) -> Iterator[Difference]:
    if before == after:
        return
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        yield Difference(at, before, after)
        return
    for key in dict.fromkeys((*before, *after)):
        place = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
        yield from _below(before.get(key, MISSING), after.get(key, MISSING), place)
