"""The kind field: what an administrator says of one field of one object.

A field's body is flat: what all fields have and the options of its type stand side by side, such
as {"object": "Deal", "type": "currency", "required": true, "places": 2}.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Annotated, Any, Final, Literal, get_args, get_type_hints

import msgspec
from jsonschema import Draft202012Validator
from msgspec import Meta

from fieldstone.errors import FieldstoneError, InvalidInput, Problem
from fieldstone.metadata.calculation import GIVEN
from fieldstone.metadata.calculation import Kind as ValueKind
from fieldstone.metadata.catalog import DERIVATION_FORMS, RollUpFunction
from fieldstone.metadata.component import Component
from fieldstone.metadata.encrypted_bodies import encryption_problems, is_encrypted
from fieldstone.metadata.encryption import Encryption
from fieldstone.metadata.field_types.choice import with_choices
from fieldstone.metadata.field_types.field_type import FieldType
from fieldstone.metadata.field_types.options import (
    build_options,
    option_names,
    options_as_said,
    options_schema,
)
from fieldstone.metadata.field_types.reference import References
from fieldstone.metadata.field_types.registry import FIELD_TYPES, get_field_type
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import (
    Label,
    Name,
    check_name,
    claimed_spellings,
    object_key,
)
from fieldstone.metadata.kinds.picklist import PicklistKind
from fieldstone.metadata.masking import MASKED_TYPES, Mask
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.schemas import DIALECT, problems_of, schema_of
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import Json, JsonObject, JsonSchema, fold

MAX_FIELDS: Final = 800
MAX_FORMULA: Final = 20_000
SYSTEM_NAMES: Final = frozenset(
    {
        *("id", "owner", "created_at", "created_by", "updated_at", "updated_by", "version"),
        *("record_type", "recordtypeid"),
    }
)


@dataclass(frozen=True, slots=True)
class DeriveBody:
    """How a value follows from other fields of the record: see metadata/catalog.py Derivation."""

    form: str
    fields: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=10)]
    separator: Annotated[str, Meta(max_length=20)] = " "
    table: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RollUpBody:
    """What a field sums up of child records: see metadata/catalog.py RollUp.

    where: a condition of the query language, as text or as a filter in JSON.
    """

    children: Annotated[str, Meta(min_length=1, max_length=200)]
    function: RollUpFunction
    field: Name | None = None
    where: Annotated[str, Meta(min_length=1, max_length=MAX_FORMULA)] | dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class FieldBody:
    """What every field may say, whatever its type.

    indexed: whether it takes a slot; None lets the type decide. default: used where a new record
    says nothing. help: shown beside the field in forms. formula: what the value is calculated by
    whenever it is asked for, in the formula language; the type says what it gives. blanks_as: what
    numbers that are missing count as in it, "zero" or "blank". roll_up: what the value sums up of
    the records that point to this one. default_formula: what a new record gets where nothing is
    said, calculated when it is made. visible_if: a condition without which forms neither show nor
    demand the field. required_if: a condition under which it must have a value. personal: whether
    it goes when a person is made anonymous; None lets the type decide, for objects of people.
    mask: what of a value those see who may read the field and not unmask it: "hidden" for nothing,
    or "last_four". encrypted: whether values are kept so that the database cannot read them:
    "random", or "deterministic" where filters and keys must find equal ones.
    """

    object: Name
    type: Annotated[str, Meta(min_length=1, max_length=40)]
    label: Label | None = None
    required: bool = False
    unique: bool = False
    external_id: bool = False
    searchable: bool | None = None
    read_only: bool = False
    indexed: bool | None = None
    personal: bool | None = None
    default: Any = None
    derive: DeriveBody | None = None
    formula: Annotated[str, Meta(min_length=1, max_length=MAX_FORMULA)] | None = None
    blanks_as: Literal["zero", "blank"] = "zero"
    roll_up: RollUpBody | None = None
    default_formula: Annotated[str, Meta(min_length=1, max_length=MAX_FORMULA)] | None = None
    visible_if: Annotated[str, Meta(min_length=1, max_length=MAX_FORMULA)] | None = None
    required_if: Annotated[str, Meta(min_length=1, max_length=MAX_FORMULA)] | None = None
    mask: Mask | None = None
    encrypted: Encryption | None = None
    aliases: tuple[Name, ...] = ()
    description: Annotated[str, Meta(max_length=4000)] = ""
    help: Annotated[str, Meta(max_length=1000)] = ""

    @property
    def is_calculated(self) -> bool:
        """Whether the value is worked out when it is asked for."""
        return self.formula is not None or self.roll_up is not None


CALCULATED_BY: Final = ("formula", "roll_up")
"""What a body says of a field that is calculated whenever it is asked for."""

_NOT_CALCULATED: Final = (
    "required",
    "required_if",
    "unique",
    "external_id",
    "default",
    "default_formula",
    "derive",
    "indexed",
    "mask",
    "encrypted",
)

COMMON: Final = frozenset(one.name for one in fields(FieldBody))


def split_name(name: str) -> tuple[str, str]:
    """Split the name of a field component into the object's and the field's own."""
    owner, _, own = name.partition(".")
    return owner, own


def options_of(body: JsonObject) -> dict[str, Json]:
    """Give the part of a body that belongs to the field's type."""
    return {key: value for key, value in body.items() if key not in COMMON}


class FieldKind(Kind[FieldBody]):
    """A field, such as Deal.amount."""

    name = "field"
    body_class = FieldBody

    @cached_property
    def schema(self) -> JsonSchema:
        """The JSON Schema of a body: one alternative for each type."""
        return {
            "$schema": DIALECT,
            "oneOf": [self.schema_for(t) for t in FIELD_TYPES.values() if t.definable],
        }

    def schema_for(self, field_type: FieldType[Any, Any]) -> JsonSchema:
        """Give the JSON Schema of the body of a field of one type."""
        common = schema_of(self.body_class)
        special = options_schema(field_type)
        merged = {**_part(common, "properties"), **_part(special, "properties")}
        merged["type"] = {"type": "string"}
        needed = [*_list(common, "required"), *_list(special, "required")]
        schema: JsonSchema = {**common, "properties": merged, "required": needed}
        defs = {**_part(common, "$defs"), **_part(special, "$defs")}
        return {**schema, "title": field_type.name, **({"$defs": defs} if defs else {})}

    @cached_property
    def _validators(self) -> Mapping[str, Draft202012Validator]:
        return {
            name: Draft202012Validator(self.schema_for(field_type))
            for name, field_type in FIELD_TYPES.items()
            if field_type.definable
        }

    def problems(self, component: Component) -> Iterator[Problem]:
        """Yield what is wrong with the shape of a body, options of the type included."""
        declared = component.body.get("type")
        if not isinstance(declared, str):
            yield Problem("metadata.invalid", "type is missing.", "/type", _types_hint())
            return
        try:
            field_type = get_field_type(declared)
        except InvalidInput as error:
            yield error.problem.below("/type")
            return
        options = fitting_options(field_type, component.body)
        if options is None:
            validator = self._validators[field_type.name]
            shape = list(problems_of(validator, component.body, "metadata.invalid"))
            yield from shape
            if shape:
                return
            yield from self._option_problems(field_type, component.body)
        else:
            yield from self._default_problems(field_type, component.body, options)
        yield from _calculation_problems(field_type, component)
        yield from _mask_problems(field_type, component)
        yield from encryption_problems(field_type.name, field_type.label, component)

    def _option_problems(self, field_type: FieldType[Any, Any], body: JsonObject) -> list[Problem]:
        try:
            options = build_options(field_type, options_of(body))
        except FieldstoneError as error:
            return [_of_option(problem) for problem in error.problems]
        return self._default_problems(field_type, body, options)

    def _default_problems(
        self, field_type: FieldType[Any, Any], body: JsonObject, options: Any
    ) -> list[Problem]:
        default = body.get("default")
        # What a shared list holds is known where the list is: check() looks there.
        if default is not None and not body.get("value_set"):
            try:
                field_type.accept(default, options)
            except FieldstoneError as error:
                return [_of_option(problem) for problem in error.problems]
        return []

    def read(self, component: Component) -> FieldBody:
        """Give the common part of a body."""
        return msgspec.convert(dict(component.body), FieldBody)

    def depends_on(self, component: Component) -> Iterator[tuple[str, str]]:
        """Yield its object, the objects it refers to and the value set it draws from."""
        body = self.read(component)
        yield object_key(body.object)
        for target in targets_of(component):
            yield object_key(target)
        value_set = component.body.get("value_set")
        if isinstance(value_set, str):
            yield PicklistKind.name, value_set

    def needs(self, component: Component) -> Iterator[tuple[str, str]]:
        """Yield what it depends on, and the fields that its value follows from.

        A reference to records of several objects goes on without one of them.
        """
        body = self.read(component)
        targets = {object_key(one) for one in targets_of(component)}
        spared = targets - {object_key(body.object)} if len(targets) > 1 else set()
        yield from (one for one in self.depends_on(component) if one not in spared)
        for source in body.derive.fields if body.derive is not None else ():
            yield self.name, f"{body.object}.{source}"
        control = component.body.get("controlled_by")
        if isinstance(control, str):
            yield self.name, f"{body.object}.{control}"

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a bad name and names of fields that are taken or missing."""
        own = split_name(component.name)[1]
        yield from check_name(own)
        if fold(own) in SYSTEM_NAMES:
            message = f"{own} is a field that every object has already."
            yield Problem("metadata.name_taken", message, "/name", "Choose another name.")
        body = self.read(component)
        if body.derive is not None:
            if body.derive.form not in DERIVATION_FORMS:
                hint = f"Forms are {', '.join(DERIVATION_FORMS)}."
                message = f"{body.derive.form} is no form of derivation."
                yield Problem("metadata.invalid", message, "/derive/form", hint)
            for number, source in enumerate(body.derive.fields):
                at = f"/derive/fields/{number}"
                yield from self._sibling(body.object, source, scope, at)
                found = scope.find(self.name, f"{body.object}.{source}")
                if found is not None and is_encrypted(found):
                    message = f"{source} is encrypted, and nothing follows from it."
                    yield Problem("metadata.invalid", message, at, "Leave it out.")
        control = component.body.get("controlled_by")
        if isinstance(control, str):
            yield from self._sibling(body.object, control, scope, "/controlled_by")
        if body.default is not None:
            yield from _shared_default_problems(component, scope)

    def _sibling(self, owner: str, name: str, scope: Scope, at: str) -> Iterator[Problem]:
        """Yield the problem that a field which another one leans on is not there."""
        if scope.find(self.name, f"{owner}.{name}") is None:
            known = scope.names_of(self.name, owner)
            hint = suggestion(name, known) or "Add that field as well."
            message = f"{owner} has no field {name[:80]}."
            yield Problem("metadata.unknown_reference", message, at, hint)


def _calculation_problems(
    field_type: FieldType[Any, Any], component: Component
) -> Iterator[Problem]:
    """Yield what a calculated field cannot be; what it is calculated by is read when it applies."""
    body = component.body
    said = [key for key in CALCULATED_BY if body.get(key) is not None]
    if not said:
        return
    if len(said) > 1:
        message = "A field has a formula or a roll-up, not both."
        yield Problem("metadata.invalid", message, "/roll_up", "Leave one of them out.")
    yield from _unknown_keys(body.get("roll_up"))
    noun, given = ("formula", GIVEN) if said[0] == "formula" else ("roll-up", _SUMMED_UP)
    if not _is_given(field_type, given):
        names = ", ".join(name for name, one in FIELD_TYPES.items() if _is_given(one, given))
        message = f"A {noun} does not give a value of the type {field_type.label}."
        yield Problem("metadata.invalid", message, "/type", f"It may give {names}.")
    for key in _NOT_CALCULATED:
        if body.get(key):
            message = f"A calculated field cannot be {key.replace('_', ' ')}."
            yield Problem("metadata.invalid", message, f"/{key}", f"Leave {key} out.")


def _mask_problems(field_type: FieldType[Any, Any], component: Component) -> Iterator[Problem]:
    """Yield that values of a type cannot be shown in part."""
    if component.body.get("mask") is not None and field_type.name not in MASKED_TYPES:
        message = f"A value of the type {field_type.label} cannot be masked."
        hint = "Hide the field by permission sets instead."
        yield Problem("metadata.invalid", message, "/mask", hint)


def _unknown_keys(roll_up: Json) -> Iterator[Problem]:
    """Yield what a roll-up says that none has, such as a filter by another name."""
    known = [one.name for one in fields(RollUpBody)]
    for key in roll_up if isinstance(roll_up, Mapping) else ():
        if key not in known:
            hint = suggestion(key, known) or f"Known are: {', '.join(known)}."
            yield Problem("metadata.invalid", f"{key} is not known here.", f"/roll_up/{key}", hint)


_SUMMED_UP: Final = frozenset(
    {
        ValueKind.NUMBER,
        ValueKind.CURRENCY,
        ValueKind.PERCENT,
        ValueKind.DATE,
        ValueKind.DATETIME,
    }
)
"""The kinds that a roll-up may give."""


def types_given(key: str) -> tuple[FieldType[Any, Any], ...]:
    """Give the types that the values of a formula, or of a roll_up, may have."""
    kinds = GIVEN if key == "formula" else _SUMMED_UP
    return tuple(one for one in FIELD_TYPES.values() if _is_given(one, kinds))


def _is_given(field_type: FieldType[Any, Any], kinds: Container[ValueKind]) -> bool:
    """Tell whether calculated fields may have values of a type."""
    if not field_type.definable or field_type.read_only or field_type.parts:
        return False
    return field_type.calculation is not None and field_type.calculation.kind in kinds


def _shared_default_problems(component: Component, scope: Scope) -> Iterator[Problem]:
    """Yield that a default is none of the values of the shared list that a field draws from."""
    shared = scope.find(PicklistKind.name, str(component.body.get("value_set") or ""))
    if shared is None:
        return
    field_type = get_field_type(str(component.body["type"]))
    options = build_options(field_type, options_of(component.body))
    offered = PicklistKind().read(shared).options
    try:
        field_type.accept(component.body["default"], with_choices(options, offered))
    except FieldstoneError as error:
        yield from map(_of_option, error.problems)


def _of_option(problem: Problem) -> Problem:
    place = problem.at if isinstance(problem.at, str) else "/default"
    return Problem("metadata.invalid", problem.message, place, problem.hint)


def fitting_options(field_type: FieldType[Any, Any], body: JsonObject) -> Any:
    """Give the options of a body that surely has the right shape; None where the schema must tell.

    Validating by JSON Schema takes a hundred times as long as reading, and a package has thousands
    of fields. Whatever is accepted here, the schema accepts (tests/property/test_field_shapes.py).
    """
    known, decimals = _known_keys(field_type), _decimal_options(field_type)
    if not body.keys() <= known or any(isinstance(body.get(name), str) for name in decimals):
        return None
    try:
        msgspec.convert({key: body[key] for key in body.keys() & COMMON}, FieldBody)
        return msgspec.convert(options_of(body), field_type.options_class)
    except (msgspec.ValidationError, InvalidInput):
        return None


@lru_cache(maxsize=256)
def _known_keys(field_type: FieldType[Any, Any]) -> frozenset[str]:
    return COMMON | frozenset(option_names(field_type))


@lru_cache(maxsize=256)
def _decimal_options(field_type: FieldType[Any, Any]) -> frozenset[str]:
    """Give the options that are exact numbers: msgspec reads these out of texts as well."""
    hints = get_type_hints(field_type.options_class)
    return frozenset(name for name, hint in hints.items() if Decimal in (hint, *get_args(hint)))


def targets_of(component: Component) -> tuple[str, ...]:
    """Give the names of the objects that a field of a reference type may point to."""
    field_type = get_field_type(str(component.body["type"]))
    if not refers(field_type):
        return ()
    options = options_as_said(field_type, options_of(component.body))
    return tuple(getattr(options, "targets", ()))


# Whether an object keeps a protocol takes long to find out, and there are few types.
@lru_cache(maxsize=256)
def refers(field_type: FieldType[Any, Any]) -> bool:
    """Tell whether the values of a type point to records."""
    return isinstance(field_type, References)


def names_claimed(component: Component) -> tuple[str, ...]:
    """Give every folded spelling that no other field of its object may have.

    A package's Type__c stands beside a field type: its full name finds it, and the short one the
    other. What people make themselves is told apart by both.
    """
    aliases = component.body.get("aliases", ())
    assert isinstance(aliases, list | tuple)
    own = split_name(component.name)[1]
    return tuple(
        key
        for name in (own, *map(str, aliases))
        for key in claimed_spellings(name, is_own=component.package is None)
    )


def _part(schema: JsonSchema, key: str) -> dict[str, Any]:
    part = schema.get(key, {})
    assert isinstance(part, dict)
    return part


def _list(schema: JsonSchema, key: str) -> list[str]:
    part = schema.get(key, [])
    assert isinstance(part, list)
    return part


def _types_hint() -> str:
    return "Types are: " + ", ".join(n for n, t in FIELD_TYPES.items() if t.definable) + "."
