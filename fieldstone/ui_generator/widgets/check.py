"""Check: a tick."""

from __future__ import annotations

from markupsafe import Markup

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.values import Json
from fieldstone.ui_generator.viewing import Viewing
from fieldstone.ui_generator.widgets.widget import WHOLE, FieldWidget, Texts

_TICK = Markup('<span class="fs-yes">Yes</span>')


class Check(FieldWidget):
    """A tick box. A page sends "no" along with it, for a box without a tick sends nothing."""

    name = "check"
    filter_words = ("is",)
    filter_value = "boolean"

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        return _TICK if value else Markup("")

    def full(self, value: Json, of: Field, view: Viewing) -> Markup:
        return _TICK if value else Markup("No")

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        return {WHOLE: ["yes" if value else "no"]}
