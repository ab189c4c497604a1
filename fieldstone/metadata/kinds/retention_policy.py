"""The kind retention_policy: how long records, logs, files and jobs are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import Name, check_name, object_key
from fieldstone.metadata.named_places import Form, Place
from fieldstone.metadata.retention import Fate, Kept
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import fold

_OF_OBJECTS: Final = frozenset({Kept.RECORDS, Kept.BIN, Kept.CHANGES})
_SINCE_TYPES: Final = frozenset({"date", "datetime"})
_SYSTEM_TIMES: Final = frozenset({"created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class RetentionPolicyBody:
    """How long something is kept.

    of: records of object; bin: what was deleted; changes: the values in the change log; access and
    sign_ins: who came in and who tried; jobs: work that ended, with its results; files: those that
    no record holds. days: how long, at least one. object: for records, and for bin and changes of
    one object alone. since: a field of date or time from which the days of a record count. where:
    a condition of the query language that the records meet. action: what becomes of them: deleted
    into the recycle bin, purged for good, or made anonymous.
    """

    of: Kept
    days: Annotated[int, Meta(ge=1, le=36_500)]
    object: Name | None = None
    since: Name = "updated_at"
    where: Any = None
    action: Fate = Fate.DELETE
    label: Annotated[str, Meta(max_length=120)] = ""
    active: bool = True
    description: Annotated[str, Meta(max_length=4000)] = ""


class RetentionPolicyKind(Kind[RetentionPolicyBody]):
    """A policy such as: leads that were lost two years ago are purged."""

    name = "retention_policy"
    body_class = RetentionPolicyBody
    area = SetupArea.PRIVACY
    places = (
        Place("object", Form.OBJECT),
        Place("since", Form.FIELD),
        Place("where", Form.CONDITION),
    )

    def depends_on(self, component: Component) -> Iterator[tuple[str, str]]:
        """Yield the object."""
        body = self.read(component)
        if body.object is not None:
            yield object_key(body.object)

    def needs(self, component: Component) -> Iterator[tuple[str, str]]:
        """Yield the object, and the field from which the days count."""
        yield from self.depends_on(component)
        body = self.read(component)
        if body.object is not None and fold(body.since) not in _SYSTEM_TIMES:
            yield "field", f"{body.object}.{body.since}"

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield what does not go together, and a second policy of the same."""
        yield from check_name(component.name)
        body = self.read(component)
        if body.of is Kept.RECORDS:
            yield from _record_problems(body, scope)
        else:
            yield from _other_problems(body)
            yield from _twins(component, body, scope)


def _record_problems(body: RetentionPolicyBody, scope: Scope) -> Iterator[Problem]:
    if body.object is None:
        message = "Say of which object the records are."
        yield Problem("metadata.invalid", message, "/object", "Such as Lead.")
        return
    if body.where is not None and not isinstance(body.where, str | dict):
        yield Problem("metadata.invalid", "where must be a condition.", "/where")
    if fold(body.since) in _SYSTEM_TIMES:
        return
    owner = scope.object_name(body.object) or body.object
    field = scope.find("field", f"{owner}.{body.since}")
    if field is None or field.body.get("type") not in _SINCE_TYPES:
        message = f"{body.since} is no field of a date or time of {owner}."
        yield Problem("metadata.invalid", message, "/since", "Such as updated_at.")


def _other_problems(body: RetentionPolicyBody) -> Iterator[Problem]:
    if body.object is not None and body.of not in _OF_OBJECTS:
        yield Problem(
            "metadata.invalid", f"{body.of} are of no object.", "/object", "Leave it out."
        )
    for key, usual in (("where", None), ("since", "updated_at"), ("action", Fate.DELETE)):
        if getattr(body, key) != usual:
            message = f"{key} is for policies of records."
            yield Problem("metadata.invalid", message, f"/{key}", "Leave it out.")


def _twins(component: Component, body: RetentionPolicyBody, scope: Scope) -> Iterator[Problem]:
    """Yield another active policy about the same, of which only one could hold."""
    for other in scope.of_kind(RetentionPolicyKind.name):
        said = other.body
        same = said.get("of") == body.of.value and said.get("active", True) and body.active
        if (
            other.key != component.key
            and same
            and _object_in(said, scope) == _object_of(body, scope)
        ):
            message = f"{other.name} says already how long these are kept."
            yield Problem("metadata.name_taken", message, "/of", f"Change {other.name}.")
            return


def _object_of(body: RetentionPolicyBody, scope: Scope) -> str | None:
    return None if body.object is None else scope.object_name(body.object)


def _object_in(said: Any, scope: Scope) -> str | None:
    name = said.get("object")
    return scope.object_name(name) if isinstance(name, str) else None
