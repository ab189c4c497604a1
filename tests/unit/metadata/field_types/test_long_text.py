"""Long text: many lines, in the second column."""

from __future__ import annotations

from fieldstone.metadata.field_types.long_text import LongText, LongTextOptions

LONG_TEXT = LongText()
OPTIONS = LongTextOptions()


def test_lines_end_in_line_feeds_alone():
    assert LONG_TEXT.accept("one\r\ntwo\rthree\n", OPTIONS) == "one\ntwo\nthree"


def test_long_text_is_kept_beside_the_record_and_takes_no_slot():
    assert LONG_TEXT.long
    assert LONG_TEXT.slot is None
