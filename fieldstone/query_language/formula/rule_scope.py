"""What names mean in a rule about a record that is being written: also what it was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fieldstone.errors import Span
from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.query_language.formula.check import check
from fieldstone.query_language.formula.errors import WrongArguments
from fieldstone.query_language.formula.parse import parse_formula
from fieldstone.query_language.formula.record_scope import FieldPath, RecordScope
from fieldstone.query_language.formula.typed import (
    Constant,
    FormulaFunction,
    Read,
    Shape,
    Typed,
)
from fieldstone.query_language.functions.look_up import LookUp
from fieldstone.query_language.syntax import Path


@dataclass(frozen=True, slots=True)
class Prior:
    """The value that a field had before; of a new record, the value that it gets."""

    path: FieldPath


@dataclass(frozen=True, slots=True)
class Changed:
    """Whether a field of a record that was there gets another value."""

    path: FieldPath


class Written(StrEnum):
    """What else rules read of a record that is being written."""

    IS_NEW = "is_new"


_OF_FIELDS: Final = {"PRIORVALUE": Prior, "ISCHANGED": Changed}


@dataclass(frozen=True, slots=True)
class RuleScope:
    """The names of the rules of one object, and the functions that only rules have."""

    record: RecordScope

    @property
    def functions(self) -> Mapping[str, FormulaFunction]:
        """All functions that stand in any formula."""
        return self.record.functions

    def read(self, path: Path) -> Typed:
        """Give what a dotted name means."""
        return self.record.read(path)

    def look_up(self, result: Path, key: Path, at: Span) -> LookUp:
        """Give VLOOKUP of two fields of one object."""
        return self.record.look_up(result, key, at)

    def special(self, name: str, arguments: Sequence[Typed], at: Span) -> Typed | None:
        """Give what a function of rules means; None for one that is none. Raises WrongArguments."""
        if name in ("ISNEW", "ISCLONE"):
            if arguments:
                raise WrongArguments(f"{name} takes no arguments.", at=at)
            # Records are not cloned as a whole: a copy is a new record like any other.
            return IS_NEW if name == "ISNEW" else Constant(value=False, shape=_TRUTH)
        made = _OF_FIELDS.get(name)
        if made is None:
            return self.record.special(name, arguments, at)
        match arguments:
            case [Read(FieldPath(steps=(), of_user=False) as path, shape)]:
                return Read(made(path), _TRUTH if made is Changed else shape)
            case _:
                raise WrongArguments(f"{name} takes a field of the record itself.", at=at)


_TRUTH: Final = Shape(Kind.BOOLEAN)
IS_NEW: Final = Read(Written.IS_NEW, _TRUTH)


def rule_condition(text: str, obj: ObjectDef, catalog: Catalog) -> Typed:
    """Give the condition of a rule, in which missing numbers are blank.

    Raises the errors of parse_formula and check; WrongArguments if it is not true or false.
    """
    found = check(parse_formula(text), RuleScope(RecordScope(catalog, obj)))
    if found.shape.kind is not Kind.BOOLEAN:
        raise WrongArguments(f"The condition gives a {found.shape.kind}, not true or false.")
    return found
