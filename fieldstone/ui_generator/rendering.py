"""Templates: one Jinja2 environment per process, with the few functions that templates call."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.masking import is_masked
from fieldstone.metadata.values import Json
from fieldstone.ui_generator.assets import Assets
from fieldstone.ui_generator.forms import ValueField
from fieldstone.ui_generator.moments import render_instant
from fieldstone.ui_generator.viewing import Viewing
from fieldstone.ui_generator.widgets.choice import offered
from fieldstone.ui_generator.widgets.registry import widget_of

_ICON: Final = Markup(
    '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
    '<use href="{}#tabler-{}"></use></svg>'
)
_MARKED: Final = Markup('<span class="fs-marked">{}</span>')
_OTHER_ICON: Final = "box"
_LINKS: Final = re.compile(r"</?a\b[^>]*>")


class Templates:
    """Renders templates of the package."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        self._environment = Environment(
            loader=PackageLoader("fieldstone.ui_generator"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            asset=assets.address,
            icon=self._icon,
            cell=render_cell,
            whole=render_whole,
            offered=offered,
            widget_of=widget_of,
            instant=render_written_instant,
            plain_cell=render_plain_cell,
        )

    def render(self, name: str, values: dict[str, Any]) -> str:
        """Give the HTML of a template."""
        return self._environment.get_template(name).render(values)

    def render_inputs(self, field: ValueField) -> Markup:
        """Give the HTML of a form field's inputs."""
        return Markup(self.render(f"widgets/{field.look.name}.html", {"f": field}))  # noqa: S704

    def _icon(self, name: str) -> Markup:
        known = name if name in self._assets.icons else _OTHER_ICON
        return _ICON.format(self._assets.address("vendor/icons.svg"), known)


def render_cell(value: Json, field: Field, view: Viewing) -> Markup:
    """Give a value as it stands in one line; nothing for no value."""
    if isinstance(value, Markup):
        return _MARKED.format(value)
    if field.mask is not None and is_masked(value):
        return escape(value)
    return Markup("") if value is None else widget_of(field).cell(value, field, view)


def render_plain_cell(value: Json, field: Field, view: Viewing) -> Markup:
    """Give a value in one line without links, for what is a link as a whole."""
    return Markup(_LINKS.sub("", render_cell(value, field, view)))  # noqa: S704 - only taken from


def render_written_instant(written: str, view: Viewing) -> Markup:
    """Give an instant in ISO 8601 as a person reads it."""
    return render_instant(datetime.fromisoformat(written), view)


def render_whole(value: Json, field: Field, view: Viewing) -> Markup:
    """Give a value as it stands on its record; nothing for no value."""
    if isinstance(value, Markup):
        return _MARKED.format(value)
    if field.mask is not None and is_masked(value):
        return escape(value)
    return Markup("") if value is None else widget_of(field).full(value, field, view)
