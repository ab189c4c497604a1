"""Ways to reach somebody: e-mail, phone and web address, shown as links."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from markupsafe import Markup

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.values import Json
from fieldstone.ui_generator.viewing import Viewing
from fieldstone.ui_generator.widgets.widget import TEXT_WORDS, WHOLE, FieldWidget, Texts

_LINK = Markup('<a href="{}" title="{}">{}</a>')
_AWAY = Markup('<a href="{}" title="{}" target="_blank" rel="noopener noreferrer">{}</a>')
_NOT_DIALLED = re.compile(r"[^0-9+*#]")


class Email(FieldWidget):
    """An e-mail address; a click writes a mail."""

    name = "email"
    filter_words = TEXT_WORDS

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        return _LINK.format(f"mailto:{value}", str(value), str(value))


class Phone(FieldWidget):
    """A phone number; a click calls it."""

    name = "phone"
    filter_words = TEXT_WORDS

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        told = self.plain(value, of, view)
        digits = _NOT_DIALLED.sub("", str(value).partition("x")[0])
        return _LINK.format(f"tel:{digits}", told, told)

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        return {WHOLE: [] if value is None else [str(value)]}


class Url(FieldWidget):
    """A web address; a click opens it in another tab."""

    name = "url"
    filter_words = TEXT_WORDS

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        address = str(value)
        parts = urlsplit(address)
        brief = (parts.netloc.rpartition("@")[2] + parts.path.rstrip("/")) or parts.path
        return _AWAY.format(address, address, brief.removeprefix("www."))
