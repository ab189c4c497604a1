"""The forms of apps, tabs, web links and quick actions: which inputs each has, and their texts.

A list is written one a line, and pairs as `field = formula`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import FormData

from fieldstone.errors import InvalidInput
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.registry import APP, QUICK_ACTION, TAB, WEB_LINK
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.previewing import Choice

_LONGEST: Final = 20_000
_MOST_LINES: Final = 500
_BETWEEN: Final = "="


class NoFormula(InvalidInput):
    """A line that should say what a field begins with, and does not."""

    code = "page.no_formula"


@dataclass(frozen=True, slots=True)
class Input:
    """One input. look: line, lines, pairs, choice, several or tick. choices: of the last but one.

    offers: what is chosen from: objects, sets, entries of the navigation, fields, or the choices
    themselves.
    """

    name: str
    label: str
    look: str = "line"
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    offers: str = ""
    required: bool = False

    @property
    def is_wide(self) -> bool:
        """Whether it takes the whole width."""
        return self.look in ("lines", "pairs", "several")


@dataclass(frozen=True, slots=True)
class OfferForm:
    """The form of one kind. noun: what it makes; told: what that is for."""

    kind: str
    noun: str
    told: str
    inputs: tuple[Input, ...]


_LABEL: Final = Input("label", "Label", required=True)
_DESCRIPTION: Final = Input("description", "Description")
_ICON: Final = Input("icon", "Icon", hint="The name of an icon, such as briefcase.")
_SETS: Final = Input(
    "permission_sets", "For people with", "several", "Nobody ticked: for everybody.", offers="sets"
)
FORMS: Final[Mapping[str, OfferForm]] = {
    APP.name: OfferForm(
        APP.name,
        "app",
        "A navigation with what one kind of work needs.",
        (
            _LABEL,
            Input(
                "tabs",
                "In the navigation",
                "lines",
                "One a line, in order: an object such as Deal, or a tab such as Handbook.",
                offers="entries",
            ),
            _SETS,
            Input("is_default", "Whoever has chosen no app begins with it", "tick"),
            _DESCRIPTION,
        ),
    ),
    TAB.name: OfferForm(
        TAB.name,
        "tab",
        "An entry for apps: an object by another label, or an address.",
        (
            _LABEL,
            _ICON,
            Input("object", "Leads to the lists of", "choice", offers="objects"),
            Input("url", "or to the address", hint="Such as https://handbook.example/."),
            _DESCRIPTION,
        ),
    ),
    WEB_LINK.name: OfferForm(
        WEB_LINK.name,
        "web link",
        "A link on records, with values of the record in its address.",
        (
            _LABEL,
            Input(
                "url",
                "Address",
                "lines",
                "Values stand in {! and }, such as https://maps.example/?q={!name}.",
                required=True,
            ),
            Input(
                "shown",
                "Shown",
                "choice",
                choices=(
                    Choice("link", "Below the details"),
                    Choice("button", "Among the actions"),
                    Choice("list_button", "Above the list"),
                ),
            ),
            Input(
                "opens",
                "Opens",
                "choice",
                choices=(Choice("new_tab", "A new tab"), Choice("same_tab", "In place")),
            ),
            _DESCRIPTION,
        ),
    ),
    QUICK_ACTION.name: OfferForm(
        QUICK_ACTION.name,
        "quick action",
        "A few fields behind a button, which make a record or change the one that is open.",
        (
            _LABEL,
            Input(
                "action",
                "What it does",
                "choice",
                choices=(
                    Choice("create", "Makes a record"),
                    Choice("update", "Changes the one that is open"),
                ),
            ),
            Input("target", "What it makes", "choice", offers="objects"),
            Input("reference", "Field of it that points back", hint="Such as company."),
            Input("fields", "Asks for", "lines", "Names of fields, one a line.", offers="fields"),
            Input(
                "defaults",
                "Puts in by itself",
                "pairs",
                "One a line: a field, = and a formula over the record, as in "
                "close_date = TODAY() + 30.",
            ),
            Input("message", "Says when it is done"),
            _DESCRIPTION,
        ),
    ),
}


def offered_by(tx: Transaction, one: Input, obj: ObjectDef | None = None) -> tuple[Choice, ...]:
    """Give what an input lets one choose from. obj: whose fields are offered."""
    if one.offers == "objects":
        objects = sorted(tx.catalog.objects, key=lambda obj: fold(obj.label))
        return (Choice("", "None"), *(Choice(obj.name, obj.label) for obj in objects))
    if one.offers == "sets":
        sets = sorted(tx.catalog.permission_sets.values(), key=lambda one: fold(one.label))
        return tuple(Choice(each.name, each.label) for each in sets)
    if one.offers == "entries":
        tabs = (
            Choice(tab.name, tab.body.label) for tab in tx.catalog.declared.get("tab", {}).values()
        )
        listed = (Choice(each.name, each.plural_label) for each in _shown_objects(tx))
        return (*tabs, *listed)
    if one.offers == "fields" and obj is not None:
        fields = (each for each in obj.own_fields if tx.rights.may_show_field(each.id))
        return tuple(Choice(each.name, each.label) for each in fields if not each.is_calculated)
    return one.choices


def _shown_objects(tx: Transaction) -> list[ObjectDef]:
    objects = (one for one in tx.catalog.objects if tx.rights.may_read_object(one.id))
    return sorted((one for one in objects if not one.is_junction), key=lambda one: fold(one.label))


def texts_of(form: OfferForm, body: Mapping[str, Json]) -> dict[str, Any]:
    """Give what the inputs show of a component."""
    return {one.name: _text(one, body.get(one.name)) for one in form.inputs}


def typed_in(form: OfferForm, sent: FormData) -> dict[str, Any]:
    """Give what was typed, to be shown again."""
    return {
        one.name: [str(each) for each in sent.getlist(one.name)]
        if one.look == "several"
        else str(sent.get(one.name, ""))[:_LONGEST]
        for one in form.inputs
    }


def body_of(form: OfferForm, typed: Mapping[str, Any], before: Component | None) -> dict[str, Json]:
    """Give the body that was typed, over what the form does not ask for. Raises NoFormula."""
    body: dict[str, Json] = dict(before.body) if before else {}
    for one in form.inputs:
        value = _value(one, typed[one.name])
        body.pop(one.name, None)
        if value not in (None, "", [], {}):
            body[one.name] = value
    return body


def _text(one: Input, value: Json) -> Any:
    match one.look:
        case "several":
            return list(value) if isinstance(value, list | tuple) else []
        case "pairs":
            pairs = value.items() if isinstance(value, Mapping) else ()
            return "\n".join(f"{name} {_BETWEEN} {formula}" for name, formula in pairs)
        case "lines" if isinstance(value, list | tuple):
            return "\n".join(map(str, value))
        case "tick":
            return "on" if value is True else ""
        case _:
            return "" if value is None else str(value)


def _value(one: Input, typed: Any) -> Json:
    match one.look:
        case "several":
            return list(typed)
        case "pairs":
            return dict(_pairs(typed))
        case "lines" if one.name != "url":
            return list(_lines(typed))
        case "tick":
            return True if typed else None
        case _:
            return str(typed).strip()


def _lines(text: str) -> Iterator[str]:
    yield from filter(None, (line.strip() for line in text.splitlines()[:_MOST_LINES]))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in _lines(text):
        name, between, formula = (part.strip() for part in line.partition(_BETWEEN))
        if not (name and between and formula):
            message = f"{line[:80]!r} does not say what a field begins with."
            raise NoFormula(message, at="/defaults", hint="Write close_date = TODAY().")
        yield name, formula
