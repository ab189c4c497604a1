"""Web links of a record: safe addresses with values of the record in them.

A link is offered to those who may read all that its address names. Values are escaped where they
stand in an address, so that none of them says anything but itself.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from urllib.parse import quote

from fieldstone.ids import RecordId
from fieldstone.metadata.calculation import Value
from fieldstone.metadata.catalog import Declared, ObjectDef
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.metadata.kinds.registry import WEB_LINK
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.addresses import is_outside, is_safe
from fieldstone.runtime.records.worked_out import work_out
from fieldstone.runtime.transactions import Transaction

_MERGED: Final = re.compile(r"\{!([^{}]+)\}")
_WHOLE: Final = ":/?#[]@!$&'()*+,;=%~"
"""What stays as it is in a value that is an address by itself."""


@dataclass(frozen=True, slots=True)
class WebLink:
    """A link with its address made. shown: link, button or list_button."""

    name: str
    label: str
    url: str
    shown: str
    new_tab: bool
    description: str = ""

    @property
    def is_outside(self) -> bool:
        """Whether it leads away from this site."""
        return is_outside(self.url)

    def show(self) -> dict[str, Json]:
        """Give it as callers see it."""
        return {
            "name": self.name,
            "label": self.label,
            "url": self.url,
            "shown": self.shown,
            "opens": "new_tab" if self.new_tab else "same_tab",
            "description": self.description,
        }


async def links_of(
    tx: Transaction, obj: ObjectDef, number: RecordId, chosen: Sequence[str] = ()
) -> list[WebLink]:
    """Give the links of a record. chosen: own names of those that a layout shows, in its order."""
    declared = [one for one in _chosen(tx, obj, chosen) if one.body.shown != "list_button"]
    return [link async for link in _linked(tx, obj, number, declared)]


async def list_links_of(tx: Transaction, obj: ObjectDef) -> list[WebLink]:
    """Give the links of an object's lists, which name no record."""
    declared = [one for one in _chosen(tx, obj, ()) if one.body.shown == "list_button"]
    return [link async for link in _linked(tx, obj, None, declared)]


def _chosen(tx: Transaction, obj: ObjectDef, names: Sequence[str]) -> Iterator[Declared]:
    declared = tx.catalog.declared_for(WEB_LINK.name, obj)
    if not names:
        yield from declared
    for name in names:
        yield from (one for one in declared if fold(one.name) == fold(name))


async def _linked(
    tx: Transaction, obj: ObjectDef, number: RecordId | None, declared: Sequence[Declared]
) -> AsyncIterator[WebLink]:
    named = {text.strip() for one in declared for text in _MERGED.findall(one.body.url)}
    values = await work_out(tx, obj, number, {text: text for text in named}) if named else {}
    for one in declared:
        merged = {text.strip() for text in _MERGED.findall(one.body.url)}
        url = _merged(one.body.url, values) if merged <= values.keys() else ""
        if is_safe(url):
            body = one.body
            new_tab = body.opens == "new_tab"
            yield WebLink(one.name, body.label, url, body.shown, new_tab, body.description)


def _merged(template: str, values: dict[str, Value]) -> str:
    """Put values into an address; one that begins it is an address itself."""

    def put(match: re.Match[str]) -> str:
        text = _text(values[match[1].strip()])
        return quote(text, safe=_WHOLE if match.start() == 0 else "")

    return _MERGED.sub(put, template)


def _text(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case datetime():
            return write_instant(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)
