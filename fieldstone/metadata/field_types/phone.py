"""Phone: a telephone number, in E.164 where it can be understood and as typed where not."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Final

import phonenumbers
from msgspec import Meta
from sqlalchemy import ColumnElement, func

from fieldstone.errors import BadValue
from fieldstone.metadata.calculation import AS_TEXT
from fieldstone.metadata.field_types.field_type import TEXTUAL, BadOption, FieldType, Widget
from fieldstone.metadata.field_types.stored import StoredJson, constant
from fieldstone.metadata.field_types.text import check_text, one_line, read_stored_text
from fieldstone.metadata.slots import TEXT_SLOT_LENGTH, SlotKind
from fieldstone.metadata.values import Json, JsonSchema

MAX_PHONE_LENGTH: Final = 80
_FEWEST_DIGITS: Final = 3
_NOT_DIGIT: Final = re.compile("[^0-9]")
_NOT_IN_PATTERN: Final = re.compile(r"[^0-9%_\\]")


@dataclass(frozen=True, slots=True)
class PhoneOptions:
    """region: the country (ISO 3166) of numbers that are written without a country code."""

    region: Annotated[str, Meta(pattern="^[A-Z]{2}$")] = "US"

    def __post_init__(self) -> None:
        if self.region not in phonenumbers.SUPPORTED_REGIONS:
            raise BadOption(
                f"There is no region {self.region}.",
                at="/region",
                hint="Write its ISO 3166 code, such as US.",
            )


def normal_phone(text: str, region: str) -> str | None:
    """Give a valid number in E.164, such as +13125550100 x23; None if it is not one."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain} x{number.extension}" if number.extension else plain


def read_phone(text: str, region: str) -> str:
    """Give a number in E.164, or as typed if it is not valid but has three digits or more.

    Real lists hold local numbers, two numbers in one field and notes; they are kept.
    Raises BadValue.
    """
    ascii_text = "".join(map(_ascii_digit, one_line(text)))
    found = normal_phone(ascii_text, region)
    if found is not None:
        return found
    if len(digits_of(ascii_text)) < _FEWEST_DIGITS:
        raise BadValue(f"{text[:80]!r} is not a phone number.", hint="Write +1 312 555 0100.")
    return ascii_text


def digits_of(text: str) -> str:
    """Give the digits of a number, by which numbers are compared."""
    return _NOT_DIGIT.sub("", text)


def _ascii_digit(character: str) -> str:
    if character.isascii() or not character.isdecimal():
        return character
    return str(unicodedata.decimal(character))


class Phone(FieldType[PhoneOptions, str]):
    """A telephone number; only its digits count when numbers are compared."""

    name = "phone"
    label = "Phone"
    options_class = PhoneOptions
    operators = TEXTUAL
    calculation = AS_TEXT
    slot = SlotKind.TEXT
    searchable = True

    def json_schema(self, options: PhoneOptions) -> JsonSchema:
        return {"type": "string", "maxLength": MAX_PHONE_LENGTH}

    def accept(self, value: Json, options: PhoneOptions) -> str:
        return read_phone(check_text(value, MAX_PHONE_LENGTH), options.region)

    def parse(self, text: str, options: PhoneOptions) -> str:
        return self.accept(one_line(text), options)

    def accept_operand(self, value: Json, options: PhoneOptions) -> str:
        text = one_line(check_text(value, MAX_PHONE_LENGTH))
        return normal_phone(text, options.region) or text

    def fold_pattern(self, pattern: str) -> str:
        return _NOT_IN_PATTERN.sub("", pattern)

    def encode(self, value: str) -> str:
        return value

    def decode(self, stored: Json) -> str:
        return read_stored_text(stored)

    def slot_value(self, value: str, options: PhoneOptions) -> str:
        return digits_of(value)[:TEXT_SLOT_LENGTH]

    def sql(self, stored: StoredJson, options: PhoneOptions) -> ColumnElement[str]:
        pattern, nothing, every = constant("[^0-9]"), constant(""), constant("g")
        return func.regexp_replace(stored.astext, pattern, nothing, every).collate("C")

    def show(self, value: str, options: PhoneOptions) -> str:
        if not value.startswith("+"):
            return value
        try:
            number = phonenumbers.parse(value, options.region)
        except phonenumbers.NumberParseException:
            return value
        if not phonenumbers.is_valid_number(number):
            return value
        at_home = phonenumbers.region_code_for_number(number) == options.region
        style = phonenumbers.PhoneNumberFormat
        return phonenumbers.format_number(
            number, style.NATIONAL if at_home else style.INTERNATIONAL
        )

    def search_text(self, value: str, options: PhoneOptions) -> str:
        return f"{digits_of(value)} {self.show(value, options)}"

    def widget(self, options: PhoneOptions) -> Widget:
        return Widget("phone", {"maxlength": MAX_PHONE_LENGTH})
