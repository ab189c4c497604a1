"""What a caller sent becomes values by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldstone.errors import BadValue, FieldstoneError, Problem
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.masking import is_masked
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import Json

IGNORED: Final = frozenset({"id", "version"})
"""Sent back by callers who change what they read; they steer the write and are no values."""

Values = dict[Field, Json]


def read_values(
    obj: ObjectDef, sent: Mapping[str, Json], rights: Rights
) -> tuple[Values, list[Problem]]:
    """Read a JSON object of a request. Gives the values that are right and every problem."""
    values: Values = {}
    problems = _version_problems(sent.get("version"))
    for name, raw in sent.items():
        if name in IGNORED:
            continue
        field = obj.find_field(name)
        if field is not None and rights.is_masked(field.id):
            problems.extend(_masked_problems(field, name, raw))
            continue
        if field is None or not rights.may_read_field(field.id):
            known = (f.name for f in obj.fields if rights.may_read_field(f.id))
            hint = suggestion(name, known)
            message = f"{obj.label} has no field {name[:80]}."
            problems.append(Problem("metadata.unknown_field", message, f"/{name[:80]}", hint))
            continue
        if is_sent_back(field, raw):
            continue
        found = _value(field, name, raw)
        if isinstance(found, Problem):
            problems.extend(_not_allowed(field, name, rights) or [found])
        elif field in values:
            message = f"{field.name} is given twice."
            problems.append(Problem("value.invalid", message, f"/{name}"))
        else:
            problems.extend(_not_allowed(field, name, rights))
            if not field.read_only:
                values[field] = found
    return values, problems


def is_sent_back(field: Field, raw: object) -> bool:
    """Tell whether a value is no more than the mask that somebody read, whoever sends it.

    Files hold masks that somebody else read, and what is encrypted is masked in them for everybody.
    """
    return (field.mask is not None or field.encryption is not None) and is_masked(raw)


def _masked_problems(field: Field, name: str, raw: Json) -> list[Problem]:
    """Refuse a value for a masked field; the mask that somebody read says nothing, sent back."""
    if raw is None or is_masked(raw):
        return []
    message = f"You may not change {field.label}: it is masked."
    return [Problem("access.forbidden", message, f"/{name}", "Leave it out.")]


def _version_problems(version: Json) -> list[Problem]:
    """A version that cannot be read must not be passed over: the caller counts on the lock."""
    if version is None or (isinstance(version, int) and not isinstance(version, bool)):
        return []
    hint = "Send it as it was read."
    return [Problem(BadValue.code, "version must be a whole number.", "/version", hint)]


def _value(field: Field, name: str, raw: Json) -> Json | Problem:
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    if isinstance(raw, dict) and field.is_reference and "id" in raw:
        raw = raw["id"]  # what a reading caller sees of a reference is its id and name
    try:
        value: Json = field.type.encode(field.type.accept(raw, field.options))
        return value
    except FieldstoneError as error:
        return error.problem.below(f"/{name}")


def _not_allowed(field: Field, name: str, rights: Rights) -> list[Problem]:
    by_hand = field.derivation is None or field.derivation.allows_input
    if field.read_only or not by_hand:
        message = f"{field.label} is set by the system."
        return [Problem("value.read_only", message, f"/{name}", "Leave it out.")]
    if not rights.may_edit_field(field.id):
        return [Problem("access.forbidden", f"You may not change {field.label}.", f"/{name}")]
    return []
