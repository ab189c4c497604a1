"""What can be put into a formula: fields, those of parents and of the viewer, and functions."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

from fieldstone.metadata.catalog import Catalog, ChildRelation, ObjectDef
from fieldstone.metadata.rights import Rights
from fieldstone.query_language.formula.record_scope import USER_OBJECT
from fieldstone.query_language.functions.function import Category, Function, Overloaded
from fieldstone.query_language.functions.registry import FUNCTIONS


@dataclass(frozen=True, slots=True)
class Insertion:
    """One thing to insert. text: what is put in; a call ends before its closing parenthesis.

    told: what it is, in a word or a line.
    """

    label: str
    text: str
    told: str
    closing: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Insertions under a heading."""

    label: str
    members: tuple[Insertion, ...]


def groups_for_formula(obj: ObjectDef, catalog: Catalog, rights: Rights) -> list[Group]:
    """Give what the formulas of an object may name."""
    groups = [Group(obj.label, tuple(_fields(obj, rights, "")))]
    for field in obj.fields:
        targets = [catalog.by_id[one] for one in field.references if rights.may_read_object(one)]
        if len(targets) == 1 and rights.may_read_field(field.id):
            members = tuple(_fields(targets[0], rights, f"{field.name}."))
            groups.append(Group(f"{field.label}, {targets[0].label}", members))
    users = catalog.find_object(USER_OBJECT)
    if users is not None and rights.may_read_object(users.id):
        groups.append(Group("Who looks", tuple(_fields(users, rights, "$User."))))
    named = [one for one in Category if one is not Category.OPERATOR]
    groups += [Group(str(one), tuple(_functions(one))) for one in named]
    return [group for group in groups if group.members]


def groups_for_roll_up(relations: list[ChildRelation], rights: Rights) -> list[Group]:
    """Give what the conditions of an object's roll-ups may name: the fields of its children."""
    return [
        Group(
            f"{one.object.plural_label}, {one.field.label}", tuple(_fields(one.object, rights, ""))
        )
        for one in relations
    ]


def _fields(obj: ObjectDef, rights: Rights, before: str) -> Iterator[Insertion]:
    for field in sorted(obj.fields, key=lambda one: one.is_system):
        if not rights.may_read_field(field.id):
            continue
        if field.type.calculation is not None:
            yield Insertion(field.label, before + field.name, field.type.label)
        for part, calculation in field.type.parts.items():
            text = f"{before}{field.name}.{part}"
            yield Insertion(f"{field.label} {part.replace('_', ' ')}", text, calculation.kind.value)


def _functions(category: Category) -> Iterator[Insertion]:
    for name in sorted(FUNCTIONS):
        function = FUNCTIONS[name]
        if function.category is category and name[0].isalpha():
            yield Insertion(_signature(function), f"{name}(", _told(function), ")")


def _signature(function: Function) -> str:
    forms = function.forms if isinstance(function, Overloaded) else (function,)
    takes = function.takes or forms[0].takes
    told = (f"{one.name}, \N{HORIZONTAL ELLIPSIS}" if one.repeats else one.name for one in takes)
    return f"{function.name}({', '.join(told)})"


def _told(function: Function) -> str:
    return (inspect.getdoc(type(function)) or "").split("\n\n")[0].replace("\n", " ")
