"""URL: an address of the web or of mail; nothing that could run in a browser."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Text, func

from fieldstone.errors import BadValue
from fieldstone.metadata.calculation import AS_TEXT
from fieldstone.metadata.field_types.field_type import TEXTUAL, FieldType, NoOptions, Widget
from fieldstone.metadata.field_types.stored import StoredJson, constant, folded
from fieldstone.metadata.field_types.text import check_text, read_stored_text
from fieldstone.metadata.slots import TEXT_SLOT_LENGTH, SlotKind
from fieldstone.metadata.values import Json, JsonSchema, fold

MAX_URL_LENGTH: Final = 2048
_SCHEME: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?!\d{1,5}(?:[/?#]|$))")
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f-\xa0\\<>\"\u2028\u2029]|\s")
_HOST: Final = r"(?:[\w-]+(?:\.[\w-]+)+\.?|localhost|\[[0-9a-fA-F:.]+\])"
_PLACE: Final = re.compile(
    rf"//(?P<account>(?:[^/?#@]*@)?){_HOST}(?::(?P<port>[0-9]{{1,5}}))?(?=[/?#]|$)", re.IGNORECASE
)
_LAST_PORT: Final = 65_535
_HINT: Final = "Write https://example.com."


def read_url(text: str) -> str:
    """Give an address with its scheme; https where none was written. Raises BadValue."""
    plain = text.strip()
    if _FORBIDDEN.search(plain):
        raise BadValue(f"{text[:80]!r} is not an address: it holds blanks or marks.", hint=_HINT)
    match = _SCHEME.match(plain)
    scheme = fold(match["scheme"]) if match else "https"
    rest = plain[match.end() :] if match else "//" + plain.removeprefix("//")
    if scheme == "mailto":
        if "@" not in rest.strip("@"):
            raise BadValue(f"{text[:80]!r} names no mailbox.", hint="Write mailto:ann@example.com.")
    elif scheme not in {"http", "https"}:
        raise BadValue(f"Addresses that begin with {scheme[:20]}: are not allowed.", hint=_HINT)
    else:
        rest = _web_address(scheme, rest, text)
    if len(scheme) + 1 + len(rest) > MAX_URL_LENGTH:
        raise BadValue(f"This address has more than {MAX_URL_LENGTH} characters.")
    return f"{scheme}:{rest}"


def _web_address(scheme: str, rest: str, text: str) -> str:
    """Give what follows the scheme, with the host in small letters."""
    match = _PLACE.match(rest)
    if match is None or int(match["port"] or 0) > _LAST_PORT:
        raise BadValue(f"{text[:80]!r} names no website.", hint=_HINT)
    account, place = match["account"], fold(rest[match.end("account") : match.end()])
    try:
        urlsplit(f"{scheme}://{account}{place}")
    except ValueError:
        raise BadValue(f"{text[:80]!r} names no website.", hint=_HINT) from None
    return f"//{account}{place}{rest[match.end() :]}"


class Url(FieldType[NoOptions, str]):
    """The address of a website, a page or a mailbox."""

    name = "url"
    label = "URL"
    operators = TEXTUAL
    calculation = AS_TEXT
    slot = SlotKind.TEXT
    searchable = True

    def json_schema(self, options: NoOptions) -> JsonSchema:
        return {"type": "string", "maxLength": MAX_URL_LENGTH}

    def accept(self, value: Json, options: NoOptions) -> str:
        return read_url(check_text(value, MAX_URL_LENGTH))

    def parse(self, text: str, options: NoOptions) -> str:
        return self.accept(text.strip(), options)

    def accept_operand(self, value: Json, options: NoOptions) -> str:
        text = check_text(value).strip()
        try:
            return read_url(text)
        except BadValue:
            return text

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

    def search_text(self, value: str, options: NoOptions) -> str:
        return value.partition("//")[2] or value

    def search_sql(self, stored: StoredJson, options: NoOptions) -> ColumnElement[str]:
        scheme, nothing = constant("^[^/]*//"), constant("")
        return func.regexp_replace(stored.astext, scheme, nothing, type_=Text())

    def widget(self, options: NoOptions) -> Widget:
        return Widget("url", {"maxlength": MAX_URL_LENGTH})
