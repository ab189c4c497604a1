"""Values sealed on their way into a record, and the keys under which unique ones are held."""

from __future__ import annotations

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.encryption import is_token, likeness_of
from fieldstone.metadata.field_types.field_type import is_blank
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.encryption.opening import keyring_of
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.transactions import Transaction


def sealed_value(tx: Transaction, draft: Draft, field: Field, value: Json) -> Json:
    """Give what is stored of an encoded value: of an encrypted field a token.

    A value that is as before keeps its token, so that nothing seems to have changed.
    """
    if field.encryption is None or is_blank(value):
        return value
    keyring = keyring_of(tx)
    held = draft.before.data.get(field.key) if draft.before is not None else None
    if isinstance(held, str) and keyring.open(field, draft.id, held) == value:
        return held
    return keyring.seal(field, draft.id, value)


def unique_key(field: Field, value: Json) -> str:
    """Give the text under which a stored unique value is held."""
    if field.encryption is not None and is_token(value):
        return likeness_of(str(value))
    text = str(value)
    return text if getattr(field.options, "case_sensitive", False) else fold(text)


def claimed_keys(tx: Transaction, field: Field, draft: Draft) -> list[str]:
    """Give the texts that a draft claims for its value: of an encrypted one under every key.

    While keys are being changed, a value is held under the old one, the new one, or both.
    """
    value = draft.value(field)
    if field.encryption is None or len(keyring_of(tx).ids) == 1:
        return [unique_key(field, value)]
    return keyring_of(tx).likenesses(field, keyring_of(tx).open(field, draft.id, str(value)))


def sought_keys(tx: Transaction, field: Field, value: Json) -> list[str]:
    """Give the texts under which an encoded unique value, as it was sent, may be held."""
    if field.encryption is None:
        return [unique_key(field, value)]
    return keyring_of(tx).likenesses(field, value)
