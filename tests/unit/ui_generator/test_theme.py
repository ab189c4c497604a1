"""The theme: every colour is named once, and every text can be read on what it stands on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import fieldstone.ui_generator

ROOM = Path(fieldstone.ui_generator.__path__[0])
THEME = (ROOM / "static" / "css" / "theme.css").read_text()
COLOURS = dict(
    re.findall(r"--fs-([\w-]+): (light-dark\(#\w{6}, #\w{6}\)|#\w{6});", THEME),
)
SURFACES = ["canvas", "surface", "raised", "selected"]
TAGS = ["gray", "red", "orange", "amber", "green", "teal", "blue", "indigo", "purple", "pink"]
TEXTS = [(text, ground) for text in ("text", "muted", "faint") for ground in SURFACES]
STATES = [(name, f"{name}-soft") for name in ("good", "warn", "bad", "info")]


def colour(name: str, theme: str) -> tuple[float, float, float]:
    """Give a colour of the theme as linear light."""
    codes = re.findall(r"#(\w{6})", COLOURS[name])
    code = codes[-1 if theme == "dark" else 0]
    parts = [int(code[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return red, green, blue


def contrast(one: str, other: str, theme: str) -> float:
    """Give the contrast of two colours (WCAG 2.2, contrast ratio)."""
    lights = sorted(
        (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
        for red, green, blue in (colour(one, theme), colour(other, theme))
    )
    return lights[1] / lights[0]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS + STATES)
def test_text_is_readable(text: str, ground: str, theme: str) -> None:
    assert contrast(text, ground, theme) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("tag", TAGS)
def test_option_tags_are_readable(tag: str, theme: str) -> None:
    assert contrast(tag, f"{tag}-soft", theme) >= 5.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_borders_of_inputs_and_filled_buttons_stand_out(theme: str) -> None:
    assert contrast("edge", "surface", theme) >= 3
    assert contrast("on-fill", "fill", theme) >= 4.5
    assert contrast("on-fill", "fill-hover", theme) >= 4.5
    assert contrast("accent", "surface", theme) >= 4.5


@pytest.mark.parametrize("sheet", sorted((ROOM / "static" / "css").glob("*.css")), ids=str)
def test_colours_stand_in_the_theme_alone(sheet: Path) -> None:
    if sheet.name != "theme.css":
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(|oklch\(", sheet.read_text())


@pytest.mark.parametrize("template", sorted((ROOM / "templates").rglob("*.html")), ids=str)
def test_templates_hold_no_style_and_no_script_of_their_own(template: Path) -> None:
    text = template.read_text()

    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:|hx-on|<script(?![^>]*\ssrc=)", text)
