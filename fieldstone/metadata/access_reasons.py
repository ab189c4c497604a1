"""Why somebody may or may not do something with an object or a field: the shortest reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.compiled_rights import set_level
from fieldstone.metadata.permission_set import FieldLevel, ObjectRight, PermissionSet
from fieldstone.metadata.standing import Standing


@dataclass(frozen=True, slots=True)
class Reason:
    """Whether something is allowed, and why.

    through: the names of the set that was given and of those it includes, down to the one that
    says so; empty where none does. words: the same as a sentence.
    """

    right: str
    allowed: bool
    words: str
    through: tuple[str, ...] = ()


def explain_object(catalog: Catalog, standing: Standing, obj: ObjectDef) -> tuple[Reason, ...]:
    """Give for each right on an object why somebody has it, or has it not."""
    return tuple(
        _reason(catalog, standing, str(right), _grants(obj, right)) for right in ObjectRight
    )


def explain_field(
    catalog: Catalog, standing: Standing, obj: ObjectDef, field: Field
) -> tuple[Reason, ...]:
    """Give for reading, changing and unmasking a field why somebody may do it, or may not."""
    at_object = _reason(catalog, standing, "read", _grants(obj, ObjectRight.READ))
    if not at_object.allowed:
        words = f"They may not read {obj.plural_label}: {_lower(at_object.words)}"
        return tuple(Reason(right, allowed=False, words=words) for right in ("read", "edit"))
    read = _reason(catalog, standing, "read", _opens(field, (FieldLevel.READ, FieldLevel.EDIT)))
    edit = _reason(catalog, standing, "edit", _opens(field, (FieldLevel.EDIT,)))
    if field.mask is None:
        return read, edit
    unmask = _reason(catalog, standing, "unmask", lambda one: one.unmasks(field.id))
    if edit.allowed and not unmask.allowed:
        edit = Reason("edit", allowed=False, words="They see it masked, and so do not change it.")
    return read, edit, unmask


def _grants(obj: ObjectDef, right: ObjectRight) -> Callable[[PermissionSet], bool]:
    return lambda one: right in one.of_object(obj.id)


def _opens(field: Field, levels: Iterable[FieldLevel]) -> Callable[[PermissionSet], bool]:
    enough = frozenset(levels)
    return lambda one: set_level(one, field) in enough


def _reason(
    catalog: Catalog, standing: Standing, right: str, allows: Callable[[PermissionSet], bool]
) -> Reason:
    if standing.is_administrator:
        return Reason(right, allowed=True, words="Administrators may do everything.")
    given = [one for one in map(catalog.permission_sets.get, sorted(standing.sets)) if one]
    if not given:
        return Reason(right, allowed=False, words="They have no permission set.")
    path = _shortest(catalog, given, allows)
    if path is None:
        labels = ", ".join(one.label for one in given)
        return Reason(right, allowed=False, words=f"None of their sets allows it: {labels}.")
    last, through = path[-1], tuple(one.name for one in path)
    words = f"The permission set {last.label} allows it"
    if len(path) > 1:
        words += f", which comes with {path[0].label}"
    return Reason(right, allowed=True, words=f"{words}.", through=through)


def _shortest(
    catalog: Catalog, given: Sequence[PermissionSet], allows: Callable[[PermissionSet], bool]
) -> tuple[PermissionSet, ...] | None:
    """Give the shortest way from a set that was given to one that allows something."""
    ahead: list[tuple[PermissionSet, ...]] = [(one,) for one in given]
    seen = {one.id for one in given}
    while ahead:
        following: list[tuple[PermissionSet, ...]] = []
        for path in ahead:
            if allows(path[-1]):
                return path
            for number in path[-1].includes:
                if number not in seen:
                    seen.add(number)
                    following.append((*path, catalog.permission_sets[number]))
        ahead = following
    return None


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
