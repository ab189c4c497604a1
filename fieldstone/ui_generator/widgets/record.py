"""Record and records: references, shown as links and chosen by typing a name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.field_types.reference import ID_PATTERN
from fieldstone.metadata.values import Json
from fieldstone.ui_generator.viewing import Viewing
from fieldstone.ui_generator.widgets.widget import (
    CHOICE_WORDS,
    SET_WORDS,
    WHOLE,
    FieldWidget,
    Texts,
    last,
)

_LINK = Markup('<a class="fs-ref" href="{}">{}</a>')
_ID = re.compile(ID_PATTERN)
TYPED = "typed"
"""The part of an input whose name is still being typed; what is left there is looked up by name."""


def id_of(value: Json) -> str:
    """Give the id of a reference, which the planner gives as an id or as an object with one."""
    return str(value["id"] if isinstance(value, Mapping) else value)


def name_of(value: Json) -> str:
    """Give the name of the record that a reference points to; its id where none is known."""
    name = value.get("name") if isinstance(value, Mapping) else None
    return str(name) if name else id_of(value)


def is_id(text: str) -> bool:
    """Tell whether a text is written like the id of a record."""
    return _ID.match(text.strip()) is not None


def render_reference(value: Json, view: Viewing) -> Markup:
    """Give a reference as a link to its record."""
    address = view.address_of(id_of(value))
    return _LINK.format(address, name_of(value)) if address else escape(name_of(value))


class Record(FieldWidget):
    """A reference to one record; without scripts, its id or its exact name is typed."""

    name = "record"
    parts = (WHOLE, TYPED)
    filter_words = CHOICE_WORDS
    filter_value = "record"

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        return render_reference(value, view)

    def plain(self, value: Json, of: Field, view: Viewing) -> str:
        return name_of(value)

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        return {WHOLE: [] if value is None else [id_of(value)]}

    def read(self, sent: Texts, of: Field, view: Viewing) -> Json:
        text = (last(sent, TYPED) or last(sent)).strip()
        return (super().read({WHOLE: [text]}, of, view) if is_id(text) else text) or None


class Records(FieldWidget):
    """References to several records."""

    name = "records"
    parts = (WHOLE, TYPED)
    several = True
    filter_words = SET_WORDS
    filter_value = "record"
    wide = True
    listable = False

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        assert isinstance(value, list | tuple)
        return Markup(", ").join(render_reference(member, view) for member in value)

    def plain(self, value: Json, of: Field, view: Viewing) -> str:
        assert isinstance(value, list | tuple)
        return ", ".join(name_of(member) for member in value)

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        assert value is None or isinstance(value, list | tuple)
        return {WHOLE: [id_of(member) for member in value or ()]}

    def read(self, sent: Texts, of: Field, view: Viewing) -> Json:
        held = [*sent.get(WHOLE, ()), *sent.get(TYPED, ())]
        parts = [part.strip() for text in held for part in text.split(";")]
        texts = [part for part in parts if part]
        if not texts or not all(map(is_id, texts)):
            return texts or None
        encoded: Json = of.type.encode(of.type.accept(texts, of.options))
        return encoded
