"""Filters: chips such as "Stage is Proposal", kept in the address as f=stage:is:Proposal.

A word is an operator as a person says it; which words a field offers, its widget tells. A chip
becomes a condition of the query language and goes through the planner like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from fieldstone.errors import FieldstoneError, InvalidInput
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.field_types.date import parse_date
from fieldstone.metadata.field_types.number import parse_decimal
from fieldstone.metadata.rights import Rights
from fieldstone.query_language.parse import parse_new_condition
from fieldstone.query_language.render import render_value
from fieldstone.query_language.syntax import (
    And,
    Boolean,
    Comparison,
    Condition,
    DateValue,
    ListOperator,
    Membership,
    Null,
    Number,
    Operator,
    Path,
    RelativeDate,
    Text,
    Value,
)
from fieldstone.ui_generator.reading import all_of
from fieldstone.ui_generator.widgets.registry import widget_of

MOST_FILTERS: Final = 20
_SPECIAL: Final = re.compile(r"([\\%_])")
_BACKSLASH: Final = re.compile(r"(\\)")
_RELATIVE: Final = re.compile(r"[A-Z_0-9]+(:\d+)?")


class BadFilter(InvalidInput):
    """A filter that cannot be: of no field, or with a word that the field does not know."""

    code = "page.bad_filter"


@dataclass(frozen=True, slots=True)
class FilterWord:
    """An operator in words. pattern: how a text becomes a pattern. needs_value: whether it asks."""

    name: str
    words: str
    operator: Operator | ListOperator
    pattern: str = "{}"
    needs_value: bool = True


def _named(*words: FilterWord) -> Mapping[str, FilterWord]:
    return {word.name: word for word in words}


WORDS: Final = _named(
    FilterWord("contains", "contains", Operator.LIKE, "%{}%"),
    FilterWord("starts", "starts with", Operator.LIKE, "{}%"),
    FilterWord("is", "is", Operator.EQUAL),
    FilterWord("is_not", "is not", Operator.NOT_EQUAL),
    FilterWord("over", "is over", Operator.GREATER),
    FilterWord("under", "is under", Operator.LESS),
    FilterWord("at_least", "is at least", Operator.GREATER_OR_EQUAL),
    FilterWord("at_most", "is at most", Operator.LESS_OR_EQUAL),
    FilterWord("on", "is", Operator.EQUAL),
    FilterWord("before", "is before", Operator.LESS),
    FilterWord("after", "is after", Operator.GREATER),
    FilterWord("from", "is from", Operator.GREATER_OR_EQUAL),
    FilterWord("to", "is up to", Operator.LESS_OR_EQUAL),
    FilterWord("includes", "includes", ListOperator.INCLUDES),
    FilterWord("excludes", "excludes", ListOperator.EXCLUDES),
    FilterWord("empty", "is empty", Operator.EQUAL, needs_value=False),
    FilterWord("filled", "is not empty", Operator.NOT_EQUAL, needs_value=False),
)


@dataclass(frozen=True, slots=True)
class Filter:
    """One chip. text: the value as it stands in the address."""

    field: Field
    word: FilterWord
    text: str = ""

    @property
    def in_address(self) -> str:
        """The chip as it is written in the address."""
        parts = [self.field.name, self.word.name]
        return ":".join([*parts, self.text] if self.word.needs_value else parts)

    def condition(self) -> Condition:
        """Give the condition that the chip stands for. Raises BadValue."""
        path = Path((self.field.name,))
        operator = self.word.operator
        value = self._value() if self.word.needs_value else Null()
        if isinstance(operator, ListOperator):
            return Membership(path, operator, (value,))
        return Comparison(path, operator, value)

    def _value(self) -> Value:
        read = READERS.get(widget_of(self.field).filter_value, _text)
        return read(self.text, self.word)


def _text(text: str, word: FilterWord) -> Value:
    special = _SPECIAL if word.operator is Operator.LIKE else _BACKSLASH
    return Text(word.pattern.format(special.sub(r"\\\1", text)))


def _number(text: str, word: FilterWord) -> Value:
    return Number(parse_decimal(text.strip().removesuffix("%")))


def _boolean(text: str, word: FilterWord) -> Value:
    return Boolean(text == "yes")


def _day(text: str, word: FilterWord) -> Value:
    if _RELATIVE.fullmatch(text) and not text[0].isdigit():
        written = parse_new_condition(f"x = {text}")
        if isinstance(written, Comparison) and isinstance(written.right, RelativeDate):
            return written.right
    return DateValue(parse_date(text))


READERS: Final[Mapping[str, Callable[[str, FilterWord], Value]]] = {
    "number": _number,
    "boolean": _boolean,
    "day": _day,
}


def words_of(field: Field) -> tuple[FilterWord, ...]:
    """Give the words that a field offers, the likeliest first; none if it cannot be filtered."""
    if not field.type.operators:
        return ()
    return tuple(WORDS[name] for name in widget_of(field).filter_words)


def filterable_fields(obj: ObjectDef, rights: Rights) -> tuple[Field, ...]:
    """Give the fields that a filter may name, those of the object before those of all records."""
    seen = [f for f in obj.fields if rights.may_read_field(f.id) and words_of(f) and f.name != "id"]
    return tuple(sorted(seen, key=lambda field: field.is_system))


def parse_filter(obj: ObjectDef, rights: Rights, written: str) -> Filter:
    """Read a chip from the address. Raises BadFilter."""
    name, _, rest = written.partition(":")
    word_name, _, text = rest.partition(":")
    field = obj.find_field(name)
    if field is None or not rights.may_read_field(field.id):
        raise BadFilter(f"{obj.label} has no field {name[:80]}.", hint="Take the filter away.")
    known = {word.name: word for word in words_of(field)}
    word = known.get(word_name)
    if word is None:
        said = ", ".join(one.words for one in known.values()) or "no filter at all"
        raise BadFilter(f"{field.label} cannot be filtered that way.", hint=f"It knows {said}.")
    if word.needs_value and not text.strip():
        raise BadFilter(f"The filter of {field.label} has no value.", hint="Type or choose one.")
    return Filter(field, word, text.strip())


def filters_in(
    condition: Condition | None, obj: ObjectDef, rights: Rights
) -> tuple[tuple[Filter, ...], Condition | None]:
    """Give the chips that a condition can be told as, and the rest of it that cannot."""
    members = condition.conditions if isinstance(condition, And) else (condition,)
    chips: list[Filter] = []
    rest: list[Condition | None] = []
    for one in members:
        chip = None if one is None else _chip_of(one, obj, rights)
        if chip is None or len(chips) == MOST_FILTERS:
            rest.append(one)
        else:
            chips.append(chip)
    return tuple(chips), all_of(rest)


def _chip_of(condition: Condition, obj: ObjectDef, rights: Rights) -> Filter | None:
    """Give the chip that stands for a condition, which is the one that gives it back."""
    if not isinstance(condition, Comparison | Membership):
        return None
    left = condition.left
    if not isinstance(left, Path) or len(left.names) > 1:
        return None
    field = obj.find_field(left.names[0])
    if field is None or not rights.may_read_field(field.id):
        return None
    wanted = replace(condition, left=Path((field.name,)))
    for word in words_of(field):
        for text in _texts_in(condition):
            chip = Filter(field, word, text if word.needs_value else "")
            if (text or not word.needs_value) and _gives(chip, wanted):
                return chip
    return None


def _texts_in(condition: Condition) -> tuple[str, ...]:
    """Give the texts that the value of a condition may have been typed as."""
    value = condition.right if isinstance(condition, Comparison) else None
    if isinstance(condition, Membership) and isinstance(condition.right, tuple):
        value = condition.right[0] if len(condition.right) == 1 else None
    match value:
        case Text(pattern):
            within = (pattern, pattern.removesuffix("%"), pattern.removesuffix("%")[1:])
            return tuple(Text(one).value for one in within)
        case Boolean(said):
            return ("yes" if said else "no",)
        case Null():
            return ("",)
        case Number() | DateValue() | RelativeDate():
            return (render_value(value),)
        case _:
            return ()


def _gives(chip: Filter, wanted: Condition) -> bool:
    try:
        return chip.condition() == wanted
    except FieldstoneError:
        return False
