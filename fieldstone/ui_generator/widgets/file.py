"""File and image: the name of an upload, kept or taken away."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.values import Json, read_json, write_json
from fieldstone.ui_generator.viewing import Viewing
from fieldstone.ui_generator.widgets.widget import WHOLE, FieldWidget, Texts, last

_NAMED = Markup('<a href="/api/files/{}" download>{}</a> <span class="fs-faint">{}</span>')
_UNITS = ("B", "kB", "MB", "GB")


def size_in_words(size_bytes: int) -> str:
    """Give a size such as 1.2 MB."""
    size = float(size_bytes)
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError


class File(FieldWidget):
    """An uploaded file: the form carries what is known of it as JSON in a hidden input."""

    name = "file"
    wide = True
    listable = False

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        assert isinstance(value, Mapping)
        size = value.get("size_bytes")
        assert isinstance(size, int)
        return _NAMED.format(value.get("id"), self.plain(value, of, view), size_in_words(size))

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        return {WHOLE: [] if value is None else [write_json(value)]}

    def read(self, sent: Texts, of: Field, view: Viewing) -> Json:
        text = last(sent).strip()
        if not text:
            return None
        if not text.startswith("{"):
            return super().read(sent, of, view)
        encoded: Json = of.type.encode(of.type.accept(read_json(text), of.options))
        return encoded


class Image(File):
    """An uploaded picture."""

    name = "image"
