"""Line: one line of text."""

from __future__ import annotations

from fieldstone.ui_generator.widgets.widget import TEXT_WORDS, FieldWidget


class Line(FieldWidget):
    """A text input."""

    name = "line"
    filter_words = TEXT_WORDS


class ReadOnly(FieldWidget):
    """What only the engine writes: shown as text, with the reason."""

    name = "read_only"
    filter_words = TEXT_WORDS
