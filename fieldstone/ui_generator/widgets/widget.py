"""What every widget answers: how a value looks in a list, on a record, and in a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from markupsafe import Markup, escape

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.values import Json
from fieldstone.ui_generator.viewing import Viewing

Texts = Mapping[str, Sequence[str]]
"""What the inputs of a field hold: texts by part; the part "" is the field itself."""

WHOLE: Final = ""
TEXT_WORDS: Final = ("contains", "is", "is_not", "starts", "empty", "filled")
NUMBER_WORDS: Final = ("over", "under", "at_least", "at_most", "is", "is_not", "empty", "filled")
DAY_WORDS: Final = ("on", "before", "after", "from", "to", "empty", "filled")
CHOICE_WORDS: Final = ("is", "is_not", "empty", "filled")
SET_WORDS: Final = ("includes", "excludes", "empty", "filled")


class FieldWidget:
    """One way to show and edit values. Values are JSON as the planner gives it.

    name: as field types call it, and the name of its template in templates/widgets.
    parts: the inputs of which it is made; a field of one input has the part "" alone.
    several: whether an input sends one text for each of several values. grouped: whether its
    inputs stand as a group under one legend.
    align_end: whether values stand at the right, as figures do. wide: whether its input takes a
    form's full width. listable: whether it makes a sensible column of a list by itself.
    filter_words: how a filter may ask of it, the likeliest first. filter_value: what a filter's
    value is: text, number, day, boolean, choice or record.
    """

    name: ClassVar[str]
    parts: ClassVar[tuple[str, ...]] = (WHOLE,)
    align_end: ClassVar[bool] = False
    wide: ClassVar[bool] = False
    several: ClassVar[bool] = False
    grouped: ClassVar[bool] = False
    listable: ClassVar[bool] = True
    filter_words: ClassVar[tuple[str, ...]] = ()
    filter_value: ClassVar[str] = "text"

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        """Give a value as it stands in one line of a list."""
        return escape(self.plain(value, of, view))

    def full(self, value: Json, of: Field, view: Viewing) -> Markup:
        """Give a value as it stands on its record."""
        return self.cell(value, of, view)

    def plain(self, value: Json, of: Field, view: Viewing) -> str:
        """Give a value as plain text, for titles and messages."""
        return of.type.show(of.type.decode(value), of.options)

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        """Give what the inputs show for a value; None for no value."""
        return {WHOLE: [] if value is None else [self.plain(value, of, view)]}

    def read(self, sent: Texts, of: Field, view: Viewing) -> Json:
        """Read what was typed into the inputs; None for nothing. Raises BadValue."""
        text = last(sent)
        if not text.strip():
            return None
        encoded: Json = of.type.encode(of.type.parse(text, of.options))
        return encoded


def last(sent: Texts, part: str = WHOLE) -> str:
    """Give the last text of a part; "" if there is none."""
    texts = sent.get(part) or ("",)
    return texts[-1]
