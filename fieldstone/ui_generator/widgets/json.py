"""JSON: shown and edited as its text."""

from __future__ import annotations

import msgspec
from markupsafe import Markup

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.values import Json, write_json, write_json_bytes
from fieldstone.ui_generator.viewing import Viewing
from fieldstone.ui_generator.widgets.widget import WHOLE, FieldWidget, Texts

_CELL = Markup('<code class="fs-code">{}</code>')
_WHOLE = Markup('<pre class="fs-code" tabindex="0">{}</pre>')


class JsonText(FieldWidget):
    """A text area in a fixed-width face."""

    name = "json"
    wide = True
    listable = False

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        return _CELL.format(write_json(value)[:300])

    def full(self, value: Json, of: Field, view: Viewing) -> Markup:
        return _WHOLE.format(_indented(value))

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        return {WHOLE: [] if value is None else [_indented(value)]}


def _indented(value: Json) -> str:
    return msgspec.json.format(write_json_bytes(value), indent=2).decode()
