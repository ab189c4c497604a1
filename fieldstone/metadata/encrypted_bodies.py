"""What a field that is encrypted cannot be, and that it cannot become so later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.encryption import ENCRYPTED_TYPES, LIKENED_TYPES, Encryption

ENCRYPTED: Final = "encrypted"
_KEYS: Final = ("unique", "external_id")
_IN_CLEAR: Final = {
    "default": "A default would stand in the definition for everybody to read.",
    "default_formula": "What it is calculated from is kept in clear.",
    "derive": "What it follows from is kept in clear.",
    "searchable": "Search would keep its words in clear.",
    "indexed": "Deterministic fields take what index there is by themselves.",
}


def is_encrypted(component: Component) -> bool:
    """Tell whether the values of a field are encrypted."""
    return component.body.get(ENCRYPTED) is not None


def encryption_problems(type_name: str, label: str, component: Component) -> Iterator[Problem]:
    """Yield what an encrypted field says that none can. type_name, label: of its type."""
    body = component.body
    said = body.get(ENCRYPTED)
    if said is None:
        return
    likened = said == Encryption.DETERMINISTIC
    if type_name not in (LIKENED_TYPES if likened else ENCRYPTED_TYPES):
        how = "encrypted deterministically" if likened else "encrypted"
        known = ", ".join(sorted(LIKENED_TYPES if likened else ENCRYPTED_TYPES))
        message = f"A value of the type {label} cannot be {how}."
        yield Problem("metadata.invalid", message, f"/{ENCRYPTED}", f"These can: {known}.")
    for key in _KEYS:
        if body.get(key) and not likened:
            message = "Equal values can only be told where encryption is deterministic."
            hint = 'Write "encrypted": "deterministic".'
            yield Problem("metadata.invalid", message, f"/{key}", hint)
    for key, why in _IN_CLEAR.items():
        if body.get(key):
            message = f"An encrypted field cannot be {key.replace('_', ' ')}. {why}"
            yield Problem("metadata.invalid", message, f"/{key}", f"Leave {key} out.")


def encryption_change(before: Component, after: Component) -> Problem | None:
    """Give what is wrong with a field that becomes encrypted, or is no longer; None if it stays.

    What was written before would stay in the log as it was.
    """
    if before.kind != "field" or before.body.get(ENCRYPTED) == after.body.get(ENCRYPTED):
        return None
    return Problem(
        "metadata.encryption_change",
        "Whether and how a field is encrypted is said when it is made.",
        f"/{ENCRYPTED}",
        "Add a field that is, copy the values into it, and delete this one and empty the bin.",
    )
