"""Choices: the values that a picklist offers, shared by every type that has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final, Protocol, TypeVar, runtime_checkable

from msgspec import Meta
from sqlalchemy import ColumnElement, String, cast, column, func, select
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.field_type import BadOption
from fieldstone.metadata.field_types.stored import StoredJson, constant
from fieldstone.metadata.field_types.text import check_text, one_line
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.values import Json, JsonSchema, fold, write_json

MAX_CHOICES: Final = 1000
CHOICE_LENGTH: Final = 255
_MOST_TOLD: Final = 12

ChoiceText = Annotated[str, Meta(min_length=1, max_length=CHOICE_LENGTH)]


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that may be chosen.

    value: as stored, seen by callers and never translated. label: as shown; the value if empty.
    color: a name of the palette or #rrggbb. active: whether it may be chosen for new values;
    records that have it keep it. default: whether a new record gets it.
    """

    value: ChoiceText
    label: Annotated[str, Meta(max_length=CHOICE_LENGTH)] = ""
    color: Annotated[str, Meta(pattern="^([a-z]+|#[0-9a-fA-F]{6})?$")] = ""
    active: bool = True
    default: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", self.label or self.value)

    @property
    def searched(self) -> str:
        """What the search finds it by, whatever the language of whoever searches."""
        return self.label

    @property
    def names(self) -> tuple[str, ...]:
        """All by which it is found, first what means it before anything else."""
        return self.value, self.label


@dataclass(frozen=True, slots=True)
class KnownChoice(Choice):
    """A choice as a catalog knows it, whose label is not the one that its definition gives it.

    said: that label. also: other texts by which it is found, such as a name.
    """

    said: str = ""
    also: tuple[str, ...] = ()

    @property
    def searched(self) -> str:
        """What the search finds it by: its own label."""
        return self.said or self.label

    @property
    def names(self) -> tuple[str, ...]:
        """All by which it is found, its own label behind the one that is shown."""
        return self.value, *self.also, self.label, *((self.said,) if self.said else ())


@dataclass(frozen=True, slots=True)
class ChoiceOptions:
    """options: the values offered, each a text or more about it. value_set: a global list instead.

    restricted: whether other values are refused. controlled_by: the picklist or checkbox of the
    same object on which it depends. valid_for: for a value, the values of that field under which
    it may be chosen; a value not named there may always be chosen.
    """

    options: Annotated[tuple[ChoiceText | Choice, ...], Meta(max_length=MAX_CHOICES)] = ()
    value_set: str | None = None
    restricted: bool = True
    controlled_by: str | None = None
    valid_for: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    choices: tuple[Choice, ...] = field(init=False, default=())
    by_text: Mapping[str, Choice] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        choices = tuple(Choice(said) if isinstance(said, str) else said for said in self.options)
        object.__setattr__(self, "choices", choices)
        object.__setattr__(self, "by_text", _by_text(choices))
        _check(self)

    def find(self, text: str) -> Choice | None:
        """Give the choice that a text means by its value or label, whatever its case."""
        return self.by_text.get(fold(text))

    def allows(self, value: str, controlling: str) -> bool:
        """Tell whether a value may be chosen while the controlling field holds another."""
        found = self.find(value)
        under = self.valid_for.get(found.value if found else value)
        return under is None or fold(controlling) in {fold(said) for said in under}


Chosen = TypeVar("Chosen", bound=ChoiceOptions)


@runtime_checkable
class HasChoices(Protocol):
    """A field type whose values are chosen from a list; its options are ChoiceOptions."""

    def choices(self, options: Any) -> tuple[Choice, ...]:
        """Give every value of the list, inactive ones included, in its order."""
        ...


def with_choices(options: Chosen, offered: Iterable[str | Choice]) -> Chosen:
    """Give the same options with another list of values, as for a field that uses a value set."""
    return replace(options, options=tuple(offered))


def read_choice(value: Json, options: ChoiceOptions) -> str:
    """Give the value of the list that a text means, in its own spelling. Raises BadValue."""
    text = one_line(check_text(value, CHOICE_LENGTH))
    found = options.find(text)
    if found is not None and (found.active or not options.restricted):
        return found.value
    if not text:
        raise BadValue("An empty text is not one of the values.", hint="Leave it out or send null.")
    if not options.restricted:
        return text
    offered = [choice.value for choice in options.choices if choice.active]
    if found is not None:
        raise BadValue(f"{found.value} cannot be chosen any more.", hint=_offer(offered))
    hint = suggestion(text, offered) or _offer(offered)
    raise BadValue(f"{text[:80]!r} is not one of the values.", hint=hint)


def read_any_choice(value: Json, options: ChoiceOptions) -> str:
    """Give the value that the constant of a condition means, which need not be in the list."""
    text = one_line(check_text(value))
    found = options.find(text)
    return found.value if found else text


def choice_schema(options: ChoiceOptions) -> JsonSchema:
    """Give the JSON Schema of one value."""
    schema: JsonSchema = {"type": "string", "minLength": 1, "maxLength": CHOICE_LENGTH}
    if options.restricted:
        schema["enum"] = [choice.value for choice in options.choices if choice.active]
    return schema


def show_choice(value: str, options: ChoiceOptions) -> str:
    """Give a value as a person reads it: by its label."""
    found = options.find(value)
    return found.label if found else value


def searched_choice(value: str, options: ChoiceOptions) -> str:
    """Give what the search finds a value by."""
    found = options.find(value)
    return found.searched if found else value


def searched_choice_sql(value: ColumnElement[str], options: ChoiceOptions) -> ColumnElement[str]:
    """Give the SQL of what the search finds a value by."""
    labels = {one.value: one.searched for one in options.choices if one.searched != one.value}
    if not labels:
        return value
    known = cast(constant(write_json(labels)), JSONB)
    return func.coalesce(known.op("->>")(value), value, type_=String())


def searched_choices_sql(stored: StoredJson, options: ChoiceOptions) -> ColumnElement[str]:
    """Give the SQL of what the search finds a stored list of values by."""
    one = func.jsonb_array_elements_text(stored).table_valued(column("value", String))
    text = searched_choice_sql(one.c.value, options)
    return select(func.string_agg(text, constant("; "), type_=String())).scalar_subquery()


def describe_choices(options: ChoiceOptions) -> str:
    """Give the active values in brackets, the first dozen of them."""
    offered = [choice.value for choice in options.choices if choice.active]
    more = [f"{len(offered) - _MOST_TOLD} more"] if len(offered) > _MOST_TOLD else []
    return f"[{', '.join(offered[:_MOST_TOLD] + more)}]"


def _offer(offered: list[str]) -> str:
    return f"The values are {', '.join(offered[:_MOST_TOLD])}." if offered else "It has no values."


def _by_text(choices: tuple[Choice, ...]) -> Mapping[str, Choice]:
    """Give the choices by what they are found by; values win over labels, the first over others."""
    found: dict[str, Choice] = {}
    names = [[fold(one_line(name)) for name in choice.names] for choice in choices]
    for rank in range(max(map(len, names), default=0)):
        for choice, known in zip(choices, names, strict=True):
            if rank < len(known):
                found.setdefault(known[rank], choice)
    return found


def _check(options: ChoiceOptions) -> None:
    if options.restricted and not options.choices and options.value_set is None:
        raise BadOption(
            "A restricted picklist needs values.",
            at="/options",
            hint='Name them in options, such as ["New", "Done"], or name a value_set.',
        )
    seen: set[str] = set()
    for place, choice in enumerate(options.choices):
        value = choice.value
        if value != one_line(value) or not value or "\x00" in value:
            raise BadOption(
                f"The value {value!r} has blanks around it or is not one line of text.",
                at=f"/options/{place}",
            )
        if fold(value) in seen:
            raise BadOption(f"The value {value} is there twice.", at=f"/options/{place}")
        seen.add(fold(value))
    if options.valid_for and options.controlled_by is None:
        raise BadOption(
            "valid_for needs a field that controls it.", at="/valid_for", hint="Say controlled_by."
        )
