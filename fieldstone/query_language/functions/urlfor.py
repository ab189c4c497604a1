"""URLFOR and LINKTO: addresses of pages of this site, and links to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.once import once
from fieldstone.query_language.formula.sql_values import constant_sql
from fieldstone.query_language.formula.typed import Shape, Typed
from fieldstone.query_language.functions.function import TEXT, Category, Plain, Takes
from fieldstone.query_language.functions.hyperlink import Hyperlink
from fieldstone.query_language.functions.markup import Markup, as_markup

RECORD: Final = "{id}"
"""Stands in an address where the id of the record goes."""
_RECORD_PATTERN: Final = "[{]id[}]"
_ID: Final = "[A-Za-z0-9_]{1,40}"
_LINK: Final = Hyperlink()


def _address(target: str, record: str) -> str:
    if RECORD not in target:
        return target
    return target.replace(RECORD, record, 1) if re.fullmatch(_ID, record) else ""


def _address_sql(target: ColumnElement[Any], record: ColumnElement[Any]) -> ColumnElement[Any]:
    put_in = func.regexp_replace(target, constant(_RECORD_PATTERN), record)
    address = case(
        (func.strpos(target, constant_sql(RECORD, Kind.TEXT)) == constant(0), target),
        (record.regexp_match(constant(f"^{_ID}$")), put_in),
        else_=constant(""),
    )
    # The branches would have a value where what they do not read is null.
    return case((target.concat(record).is_not(None), address))


class UrlFor(Plain):
    """The address of a page: of a record by its id, of the list of an object, of a new record.

    The target is $Action.Deal.View, .Edit, .New or .List, or any address. The id goes where the
    target has {id}; without an id such a page has no address.
    """

    name = "URLFOR"
    category = Category.TEXT
    takes = (Takes("target", TEXT), Takes("id", TEXT, optional=True))
    repeats = True
    examples = (
        ("URLFOR('/admin/Deal/{id}', 'deal_54f')", "/admin/Deal/deal_54f"),
        ("URLFOR('/admin/Deal')", "/admin/Deal"),
        ("LEN(URLFOR('/admin/Deal/{id}', ''))", "0"),
    )

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, target: str, record: str = "") -> Value:
        return _address(target, record)

    def sql(self, target: ColumnElement[Any], *record: ColumnElement[Any]) -> ColumnElement[Any]:
        return _address_sql(target, record[0] if record else constant(""))


class LinkTo(Markup, Plain):
    """A link to a page of this site, as HTML: its label, its target and the id of the record.

    Target and id are those of URLFOR. Without an address the label stands alone.
    """

    name = "LINKTO"
    takes = (Takes("label", TEXT), Takes("target", TEXT), Takes("id", TEXT, optional=True))
    repeats = True
    examples = (
        ("LINKTO('Deals', '/admin/Deal')", '<a href="/admin/Deal">Deals</a>'),
        ("LINKTO('Roof', '/admin/Deal/{id}', 'deal_1')", '<a href="/admin/Deal/deal_1">Roof</a>'),
        ("LINKTO('None', '/admin/Deal/{id}', '')", "None"),
    )

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        found = list(super().adapt(arguments))
        return [*(as_markup(label) for label in found[:1]), *found[1:]]

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, label: str, target: str, record: str = "") -> Value:
        address = _address(target, record)
        return _LINK.value(address, label) if address else label

    def sql(
        self, label: ColumnElement[Any], target: ColumnElement[Any], *record: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        address = _address_sql(target, record[0] if record else constant(""))
        return once([address, label], _linked)


def _linked(address: ColumnElement[Any], label: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((address == constant(""), label), else_=_LINK.sql(address, label))
