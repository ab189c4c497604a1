"""Forms: the catalog's fields as WTForms fields, each with the widget that its type asks for.

A form keeps what was typed. Its values are read by the field types; what is wrong is noted and
goes, with the values that are right, through the same checks as every other write, so that all
problems of a record are told together and stand at their fields.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import wtforms
from markupsafe import Markup
from wtforms.form import BaseForm
from wtforms.utils import unset_value

from fieldstone.errors import FieldstoneError, Problem
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.field_types.file import StoredFile
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import Json
from fieldstone.ui_generator.viewing import Viewing
from fieldstone.ui_generator.widgets.record import TYPED, id_of, is_id, name_of
from fieldstone.ui_generator.widgets.registry import widget_of
from fieldstone.ui_generator.widgets.widget import WHOLE, FieldWidget, Texts

_NO_TEXTS: Final[Texts] = {}
_EMPTY: Final[tuple[Json, ...]] = (None, "", (), [])
Values = dict[Field, Json]


class FormData(Protocol):
    """What was sent: texts by the names of inputs."""

    def __contains__(self, name: object) -> bool:
        """Tell whether an input was sent."""
        ...

    def getlist(self, name: str) -> list[Any]:
        """Give all that was sent under a name."""
        ...


Render = Callable[["ValueField"], Markup]
"""Gives the HTML of a field's inputs."""


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What WTForms calls a widget: here it renders a template."""

    render: Render

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        del kwargs
        return self.render(field)


class ValueField(wtforms.Field):
    """A form field for a field of an object; its data is the JSON that is stored.

    stored: the value of the record; names: what the records that it points to are called.
    options: those of the field, narrowed perhaps.
    problems: what is wrong with it, by part. is_required: as the object or a condition says.
    is_hidden: whether a condition hides it; what is wrong with it is shown all the same.
    demanded: whether the layout asks for it, whatever the object says.
    is_misread: whether what was sent is no value of its type.
    """

    def __init__(self, *, of: Field, view: Viewing, render: Render, **known: Any) -> None:
        super().__init__(of.label, description=of.help, id=f"f-{of.name}", **known)
        self.of = of
        self.view = view
        self.look: FieldWidget = widget_of(of)
        self.widget = _Inputs(render)
        self.options: Any = of.options
        self.settings: Mapping[str, Any] = of.type.widget(of.options).settings
        self.stored: Json = None
        self.given = False
        self.names: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.is_required = of.required
        self.demanded = False
        self._hidden = self.is_misread = False
        self._sent: Texts = _NO_TEXTS

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Take the record's value and, over it, what was sent."""
        del extra_filters
        self.stored = self.data = None if data is unset_value else data
        self._learn_names(self.stored)
        if formdata is None or not any(name in formdata for name in self.input_names):
            return
        self.given = True
        self._sent = {
            part: [_text(one) for one in formdata.getlist(self.input_name(part))]
            for part in self.look.parts
        }
        try:
            self.data = self.look.read(self._sent, self.of, self.view)
        except FieldstoneError as error:
            self.data, self.is_misread = None, True
            self.problems = [problem.below(f"/{self.of.name}") for problem in error.problems]

    @property
    def is_hidden(self) -> bool:
        """Whether it is not shown."""
        return self._hidden and not self.problems

    def stand(self, *, visible: bool, required: bool) -> None:
        """Say whether it is shown, and whether it cannot be left empty."""
        self._hidden, self.is_required = not visible, required or (visible and self.demanded)

    @property
    def is_changed(self) -> bool:
        """Whether something else was sent than what the record's value is shown as."""
        shown = self._texts_of(self.stored)
        several = self.look.several
        return self.given and _compared(self._sent, several=several) != _compared(
            shown, several=several
        )

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of its inputs."""
        return tuple(self.input_name(part) for part in self.look.parts)

    def input_name(self, part: str = WHOLE) -> str:
        """Give the name of the input of a part: address.city."""
        return f"{self.name}.{part}" if part else self.name

    def input_id(self, part: str = WHOLE) -> str:
        """Give the id of the input of a part."""
        return f"{self.id}-{part}" if part else self.id

    def texts(self, part: str = WHOLE) -> Sequence[str]:
        """Give what the inputs of a part show: what was typed, or else the record's value."""
        shown = self._sent if self.given else self._texts_of(self.stored)
        return shown.get(part, ())

    def text(self, part: str = WHOLE) -> str:
        """Give what the one input of a part shows."""
        found = self.texts(part)
        return found[-1] if found else ""

    @property
    def messages(self) -> list[str]:
        """What is wrong, each with what to do about it."""
        return [f"{p.message} {p.hint}" if p.hint else p.message for p in self.problems]

    @property
    def described_by(self) -> str:
        """The ids of hint and error, for aria-describedby; "" for none."""
        ids = [f"{self.id}-hint"] if self.description else []
        return " ".join([*ids, f"{self.id}-error"] if self.problems else ids)

    @property
    def parts(self) -> tuple[str, ...]:
        """Its parts, for a field of several inputs."""
        return self.look.parts

    @property
    def object_name(self) -> str:
        """The name of the object whose field it is."""
        return self.view.catalog.by_id[self.of.object_id].name

    @property
    def unresolved(self) -> str:
        """What was typed as a name and is no id; shown again for another try."""
        typed = (*self.texts(), *self.texts(TYPED))
        return "; ".join(text for text in typed if text and not is_id(text))

    def is_id(self, text: str) -> bool:
        """Tell whether a text is written like an id."""
        return is_id(text)

    def held_file(self) -> StoredFile | None:
        """Give the file that was sent or that the record holds; None if there is none."""
        return self.of.type.decode(self.data) if self.data else None

    def name_for(self, record_id: str) -> str:
        """Give what a chosen record is called; its id where that is not known."""
        return self.names.get(record_id, record_id)

    def _texts_of(self, value: Json) -> Texts:
        return self.look.texts(value, self.of, self.view)

    def _learn_names(self, value: Json) -> None:
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, Mapping) and "id" in one:
                self.names[id_of(one)] = name_of(one)


class RecordForm(BaseForm):
    """The form of one record. beside: what is written along with what it asks for."""

    def __init__(
        self, obj: ObjectDef, fields: Iterable[Field], view: Viewing, render: Render
    ) -> None:
        self.object = obj
        self.beside: Values = {}
        # Without a form to belong to, WTForms makes an unbound field, whatever its type says.
        unbound: Any = [(f.name, ValueField(of=f, view=view, render=render)) for f in fields]
        super().__init__(unbound)

    def inputs(self) -> Iterator[ValueField]:
        """Yield the fields of the form in order."""
        for field in self:
            assert isinstance(field, ValueField)
            yield field

    def values(self) -> tuple[Values, list[Problem]]:
        """Give what was sent and differs from the record, or from a new one, as values to write.

        Gives every problem that reading met as well. What a person left alone is not written, so
        that defaults and derived values of the engine hold, and nobody else's change is undone.
        """
        sent = [one for one in self.inputs() if one.is_changed]
        values: Values = {one.of: one.data for one in sent if not one.problems}
        values.update(self.beside)
        return values, [problem for one in sent for problem in one.problems]

    def missing(self) -> Iterator[Problem]:
        """Yield what is wrong with the fields that the layout asks for and that would be empty."""
        for one in self.inputs():
            asked = one.demanded and one.is_required and not one.problems
            if asked and one.data in _EMPTY:
                message = f"{one.of.label} is required."
                yield Problem("value.required", message, f"/{one.of.name}", "Give it a value.")

    def show(self, problems: Iterable[Problem]) -> list[Problem]:
        """Put problems at their fields. Gives those that belong to no field of the form."""
        by_name = {one.of.name: one for one in self.inputs()}
        for one in by_name.values():
            one.problems = []
        homeless: list[Problem] = []
        for problem in problems:
            at = problem.at if isinstance(problem.at, str) else ""
            owner = by_name.get(at.removeprefix("/").partition("/")[0])
            (owner.problems if owner else homeless).append(problem)
        return homeless

    @property
    def has_problems(self) -> bool:
        """Whether something is wrong at any field."""
        return any(one.problems for one in self.inputs())


def editable_fields(obj: ObjectDef, rights: Rights) -> tuple[Field, ...]:
    """Give the fields that a person may fill in, the owner last."""
    own = [f for f in obj.own_fields if _is_editable(obj, f) and rights.may_edit_field(f.id)]
    owner = obj.by_name.get("owner")
    if owner is not None and owner.references and rights.may_edit_field(owner.id):
        own.append(owner)
    return tuple(own)


def _is_editable(obj: ObjectDef, field: Field) -> bool:
    """Tell whether a person fills a field in; a name made of others is filled in there.

    The record type is chosen before the form is shown.
    """
    follows = field.derivation
    by_hand = follows is None or (follows.allows_input and field is not obj.title)
    return not field.read_only and by_hand and field is not obj.type_field


def first_fields(
    obj: ObjectDef, fields: Sequence[Field], linked: Container[Field] = (), most: int = 8
) -> tuple[Field, ...]:
    """Give those that a new record is asked for at once; the others wait behind "More".

    What is required, what names the record, and what lists and filters are made of. linked: what
    has a condition, or is read by one; these come on top, for most of them are hidden.
    """
    named = {obj.title.name, *(obj.title.derivation.fields if obj.title.derivation else ())}
    plain = [f for f in fields if f not in linked]
    asked = [f for f in plain if f.required or f.name in named]
    likely = [f for f in plain if f.slot and f not in asked and not f.external_id]
    chosen = {*asked, *likely[: max(0, most - len(asked))]}
    return tuple(f for f in fields if f in chosen or f in linked)


def _text(sent: object) -> str:
    return sent.replace("\r\n", "\n") if isinstance(sent, str) else ""


def _compared(texts: Texts, *, several: bool) -> dict[str, list[str]]:
    """Give texts as they are compared: blanks around them and empty inputs do not count.

    Of an input that holds one value the last text counts, as for whoever reads it.
    """
    counted = texts if several else {part: held[-1:] for part, held in texts.items()}
    kept = {p: list(dict.fromkeys(t.strip() for t in held)) for p, held in counted.items()}
    said = {part: [text for text in held if text] for part, held in kept.items()}
    return {part: held for part, held in said.items() if held}
