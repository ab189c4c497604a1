"""Rich text: harmless HTML, shown as such and edited as its source."""

from __future__ import annotations

from markupsafe import Markup, escape

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.field_types.rich_text import clean_html
from fieldstone.metadata.values import Json
from fieldstone.ui_generator.viewing import Viewing
from fieldstone.ui_generator.widgets.widget import WHOLE, FieldWidget, Texts

_WHOLE = Markup('<div class="fs-rich">{}</div>')


class RichText(FieldWidget):
    """A text area for HTML; what is shown was cleaned when stored and is cleaned again."""

    name = "rich_text"
    wide = True
    listable = False

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        return escape(" ".join(self.plain(value, of, view).split())[:300])

    def full(self, value: Json, of: Field, view: Viewing) -> Markup:
        return _WHOLE.format(Markup(clean_html(str(value))))  # noqa: S704 - cleaned right here

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        return {WHOLE: [] if value is None else [str(value)]}
