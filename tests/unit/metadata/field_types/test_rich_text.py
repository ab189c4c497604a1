"""Rich text: harmless HTML."""

from __future__ import annotations

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.rich_text import RichText, RichTextOptions, plain_of_html

RICH_TEXT = RichText()
OPTIONS = RichTextOptions()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("<b>bold</b>", "<b>bold</b>"),
        ("<script>alert(1)</script>text", "text"),
        ("<p onclick='x()'>hi</p>", "<p>hi</p>"),
        ("<img src=x onerror=alert(1)>", '<img src="x">'),
        ("<svg><style><img src=x onerror=alert(1)>", '<img src="x">'),
        ("a < b & c", "a &lt; b &amp; c"),
    ],
)
def test_only_harmless_html_is_kept(said, kept):
    assert RICH_TEXT.accept(said, OPTIONS) == kept


def test_an_address_that_runs_code_is_dropped_from_a_link():
    cleaned = RICH_TEXT.accept("<a href='javascript:alert(1)'>x</a>", OPTIONS)

    assert "javascript" not in cleaned


def test_search_and_lists_see_the_words_alone():
    html = "<h1>Terms &amp; dates</h1><ul><li>one</li><li>two <b>words</b></li></ul>"

    assert plain_of_html(html) == "Terms & dates\none\ntwo words"


def test_length_counts_tags_after_cleaning_too():
    with pytest.raises(BadValue, match="at most 10"):
        RICH_TEXT.accept("&&&&&&&&", RichTextOptions(length=10))
