"""Choice and choices: one or several values of a list, shown as coloured tags."""

from __future__ import annotations

from typing import ClassVar

from markupsafe import Markup

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.field_types.choice import Choice as Option
from fieldstone.metadata.field_types.choice import ChoiceOptions
from fieldstone.metadata.values import Json
from fieldstone.ui_generator.viewing import Viewing
from fieldstone.ui_generator.widgets.colours import colour_of
from fieldstone.ui_generator.widgets.widget import (
    CHOICE_WORDS,
    SET_WORDS,
    WHOLE,
    FieldWidget,
    Texts,
)

_TAG = Markup('<span class="fs-tag fs-tag-{}">{}</span>')


def render_tag(value: str, options: ChoiceOptions) -> Markup:
    """Give one value as a tag; a value that is not in the list is grey."""
    found = options.find(value)
    if found is None:
        return _TAG.format("gray", value)
    return _TAG.format(colour_of(found, options.choices), found.label)


def offered(options: ChoiceOptions, held: list[str]) -> tuple[Option, ...]:
    """Give what may be chosen: what is active, and what the record holds already."""
    known = {choice.value for choice in options.choices}
    kept = tuple(Option(value) for value in held if value not in known)
    return (*(c for c in options.choices if c.active or c.value in held), *kept)


class Choice(FieldWidget):
    """A select; an open list is a text input with suggestions."""

    name = "choice"
    filter_words = CHOICE_WORDS
    filter_value = "choice"

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        return render_tag(str(value), of.options)

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        return {WHOLE: [] if value is None else [str(value)]}


class Choices(FieldWidget):
    """Tick boxes, one for each value; an open list has a line for further values."""

    name = "choices"
    grouped = True
    several = True
    filter_words = SET_WORDS
    filter_value = "choice"
    wide: ClassVar[bool] = True

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        assert isinstance(value, list | tuple)
        return Markup(" ").join(render_tag(str(member), of.options) for member in value)

    def full(self, value: Json, of: Field, view: Viewing) -> Markup:
        return Markup('<span class="fs-tags">{}</span>').format(self.cell(value, of, view))

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        assert value is None or isinstance(value, list | tuple)
        return {WHOLE: [str(member) for member in value or ()]}

    def read(self, sent: Texts, of: Field, view: Viewing) -> Json:
        texts = [part for text in sent.get(WHOLE, ()) for part in text.split(";") if part.strip()]
        if not texts:
            return None
        encoded: Json = of.type.encode(of.type.accept(texts, of.options))
        return encoded
