"""Answers with encrypted values opened: PostgreSQL marks where they stand, and Python opens them.

A mark begins and ends with a control character, which JSON never holds as it is: whatever somebody
writes, nobody can make a text look like one, and so have a token of another place opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from fieldstone.ids import FieldId
from fieldstone.metadata.catalog import Catalog, Field
from fieldstone.metadata.masking import DOTS, masked
from fieldstone.metadata.values import Json, write_json
from fieldstone.query_language.marks import MARK
from fieldstone.runtime.encryption.keyring import Keyring
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.transactions import Transaction

_MARKED: Final = re.compile(f"{MARK}([cm])([0-9]+):([0-9a-f]+):([^{MARK}]*){MARK}")
_FIELDS: Final[PerCatalog[dict[FieldId, Field]]] = PerCatalog(200)


def opened(tx: Transaction, texts: Iterable[str], *, at_rest: bool = False) -> list[str]:
    """Give texts of an answer with their encrypted values as the viewer sees them.

    at_rest: whether the answer is kept somewhere: then these values stay hidden. Raises KeyMissing.
    """
    return [_MARKED.sub(_opener(tx, at_rest=at_rest), one) if MARK in one else one for one in texts]


def open_value(tx: Transaction, field: Field, record_id: int, stored: Json) -> Json:
    """Give a stored value of a field, encrypted or not, opened. Raises KeyMissing."""
    if field.encryption is None or not isinstance(stored, str):
        return stored
    return keyring_of(tx).open(field, record_id, stored)


def keyring_of(tx: Transaction) -> Keyring:
    """Give the keys of the installation."""
    assert tx.keyring is not None, "a process without keys meets encrypted values"
    return tx.keyring


def _opener(tx: Transaction, *, at_rest: bool) -> Callable[[re.Match[str]], str]:
    fields = _FIELDS.get(tx.catalog, "fields", lambda: _encrypted(tx.catalog))

    def replaced(found: re.Match[str]) -> str:
        how, number, record, token = found.groups()
        field = fields[FieldId(int(number))]
        if at_rest:
            return write_json(DOTS)
        value = keyring_of(tx).open(field, int(record, 16), token)
        if how == "m":
            assert field.mask is not None
            value = masked(str(value), field.mask)
        return write_json(value)

    return replaced


def _encrypted(catalog: Catalog) -> dict[FieldId, Field]:
    every = (field for obj in catalog.objects for field in obj.own_fields)
    return {field.id: field for field in every if field.encryption is not None}
