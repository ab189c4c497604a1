"""Email: an address that mail can be sent to, with its domain in small letters."""

from __future__ import annotations

import re
from typing import Final

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from sqlalchemy import ColumnElement

from fieldstone.errors import BadValue
from fieldstone.metadata.calculation import AS_TEXT
from fieldstone.metadata.field_types.field_type import TEXTUAL, FieldType, NoOptions, Widget
from fieldstone.metadata.field_types.stored import StoredJson, folded
from fieldstone.metadata.field_types.text import check_text, read_stored_text
from fieldstone.metadata.slots import TEXT_SLOT_LENGTH, SlotKind
from fieldstone.metadata.values import Json, JsonSchema, fold

MAX_EMAIL_LENGTH: Final = 254
_PLAIN: Final = re.compile(
    r"[A-Za-z0-9_+-]{1,64}(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?P<top>[a-z]{2,63})"
)
_MAX_LOCAL_LENGTH: Final = 64


def read_email(text: str) -> str:
    """Give an address in its normal form (RFC 5321, 5322, IDNA); DNS is not asked.

    Raises BadValue.
    """
    if is_plain(text):
        return text
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise BadValue(f"{text[:80]!r} is not an e-mail address.", hint=str(error)) from None


def is_plain(text: str) -> bool:
    """Tell whether an address is surely valid and in its normal form, as nearly all are.

    The validator takes forty times as long to say so, which is felt in imports.
    """
    match = _PLAIN.fullmatch(text)
    return (
        match is not None
        and len(text) <= MAX_EMAIL_LENGTH
        and text.index("@") <= _MAX_LOCAL_LENGTH
        and "--" not in text
        and match["top"] not in SPECIAL_USE_DOMAIN_NAMES
    )


class Email(FieldType[NoOptions, str]):
    """An e-mail address; case does not count when addresses are compared."""

    name = "email"
    label = "Email"
    operators = TEXTUAL
    calculation = AS_TEXT
    slot = SlotKind.TEXT
    searchable = True

    def json_schema(self, options: NoOptions) -> JsonSchema:
        return {"type": "string", "format": "email", "maxLength": MAX_EMAIL_LENGTH}

    def accept(self, value: Json, options: NoOptions) -> str:
        return read_email(check_text(value, MAX_EMAIL_LENGTH).strip())

    def parse(self, text: str, options: NoOptions) -> str:
        plain = text.strip()
        if fold(plain).startswith("mailto:"):
            plain = plain[len("mailto:") :]
        return self.accept(plain, options)

    def accept_operand(self, value: Json, options: NoOptions) -> str:
        return check_text(value).strip()

    def encode(self, value: str) -> str:
        return value

    def decode(self, stored: Json) -> str:
        return read_stored_text(stored)

    def slot_value(self, value: str, options: NoOptions) -> str:
        return fold(value)[:TEXT_SLOT_LENGTH]

    def sql(self, stored: StoredJson, options: NoOptions) -> ColumnElement[str]:
        return folded(stored)

    def sql_operand(self, value: str, options: NoOptions) -> str:
        return fold(value)

    def show(self, value: str, options: NoOptions) -> str:
        return value

    def widget(self, options: NoOptions) -> Widget:
        return Widget("email", {"maxlength": MAX_EMAIL_LENGTH})
