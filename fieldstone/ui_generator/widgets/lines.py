"""Lines: text of several lines."""

from __future__ import annotations

from markupsafe import Markup, escape

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.values import Json
from fieldstone.ui_generator.viewing import Viewing
from fieldstone.ui_generator.widgets.widget import FieldWidget

_WHOLE = Markup('<div class="fs-lines">{}</div>')


class Lines(FieldWidget):
    """A text area that keeps line ends."""

    name = "lines"
    wide = True
    listable = False

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        return escape(" ".join(self.plain(value, of, view).split())[:300])

    def full(self, value: Json, of: Field, view: Viewing) -> Markup:
        return _WHOLE.format(self.plain(value, of, view))
