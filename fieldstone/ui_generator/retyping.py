"""The form that gives a field another type: which types there are, and what is proposed by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from fieldstone.errors import FieldstoneError
from fieldstone.metadata.catalog import Field, Holds, ObjectDef
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.conversions import Instruction, types_after
from fieldstone.metadata.definitions import field_change
from fieldstone.metadata.encrypted_bodies import is_encrypted
from fieldstone.metadata.field_types.field_type import FieldType
from fieldstone.metadata.field_types.options import build_options, option_names
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.kinds.field import options_of
from fieldstone.metadata.kinds.registry import FIELD
from fieldstone.metadata.moved_values import is_calculated, type_name
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import Json

SAY: Final = "say:"
_CHOICES: Final = "options"
_NUMBERS: Final = ("places", "length")
_KEPT: Final = frozenset({"type", "object", "mask", *_NUMBERS, _CHOICES})
"""What is never left out for a new type: without its mask, all would see whole values."""

_MOST_ROUNDS: Final = 4
"""Once what a new type has no place for is left out, something may follow from that."""

Texts = Mapping[str, str]
"""What somebody typed, by the names of inputs."""


@dataclass(frozen=True, slots=True)
class Retyping:
    """A field that gets another type. component: as it is declared."""

    object: ObjectDef
    field: Field
    component: Component

    @property
    def address(self) -> str:
        """Where its form is."""
        return f"/admin/objects/{self.object.name}/type/{self.field.name}"

    @property
    def why_not(self) -> str:
        """Why its type stays what it is; "" where it need not."""
        label = self.field.label
        if is_calculated(self.component):
            return f"{label} is worked out, and has the type that its formula gives."
        if is_encrypted(self.component):
            return f"{label} is encrypted, and its values cannot be read to become others."
        if self.object.holds is Holds.METADATA:
            return f"The records of {self.object.label} are declared, with values of that type."
        return "" if self.types else f"Values of {label} cannot become those of another type."

    @property
    def types(self) -> tuple[FieldType[Any, Any], ...]:
        """The types that its values can become; what names records stays a line of text."""
        found = (FIELD_TYPES[name] for name in types_after(str(type_name(self.component))))
        names = self.object.title.id == self.field.id
        return tuple(
            one
            for one in found
            if one.definable and (not names or (one.slot is SlotKind.TEXT and not one.long))
        )

    def find_type(self, name: str) -> FieldType[Any, Any] | None:
        """Give one of these types by its name."""
        return next((one for one in self.types if one.name == name), None)


def inputs_of(retyping: Retyping, new: FieldType[Any, Any]) -> tuple[str, ...]:
    """Give what has to be said of a new type that the old one does not say."""
    old = option_names(FIELD_TYPES[str(type_name(retyping.component))])
    known = option_names(new)
    return tuple(one for one in (_CHOICES, *_NUMBERS) if one in known and one not in old)


def usual(new: FieldType[Any, Any], name: str) -> str:
    """Give what a type says of one of its numbers where nobody says otherwise."""
    option = next(one for one in fields(new.options_class) if one.name == name)
    return str(option.default) if isinstance(option.default, int) else ""


def proposal_of(retyping: Retyping, new: FieldType[Any, Any], typed: Texts) -> Proposal:
    """Give what is proposed by what somebody typed."""
    said: dict[str, Json] = {"type": new.name}
    for name in inputs_of(retyping, new):
        text = typed.get(name, "")
        if name == _CHOICES:
            lines = (line.strip() for line in text.splitlines())
            said[name] = list(dict.fromkeys(line for line in lines if line))
        elif text:
            said[name] = int(text) if text.isdigit() and len(text) < 9 else text
    proposal = field_change(retyping.component, said)
    component = _fitting(proposal.upserts[0])
    instruction = Instruction(dict(_said(new, component, typed)))
    return replace(
        proposal, upserts=(component,), conversions={component.key: instruction}, pointers={}
    )


def _fitting(component: Component) -> Component:
    """Leave out what the new type has no place for, such as a default of the old one."""
    for _ in range(_MOST_ROUNDS):
        places = {str(one.at).split("/")[1] for one in FIELD.problems(component) if one.at}
        wrong = (places & component.body.keys()) - _KEPT
        if not wrong:
            break
        kept = {key: value for key, value in component.body.items() if key not in wrong}
        component = replace(component, body=kept)
    return component


def _said(
    new: FieldType[Any, Any], component: Component, typed: Texts
) -> Iterator[tuple[str, Json]]:
    """Yield what is said of values that could not be kept whole, as the new type reads it."""
    for name, text in typed.items():
        if name.startswith(SAY) and text:
            yield name.removeprefix(SAY), _read(new, component, text)


def _read(new: FieldType[Any, Any], component: Component, text: str) -> Json:
    try:
        options = build_options(new, options_of(component.body))
        return new.encode(new.parse(text, options))
    except FieldstoneError:
        return text
