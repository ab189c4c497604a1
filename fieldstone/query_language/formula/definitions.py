"""The formulas and roll-ups of a catalog, checked: what a metadata change must not break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from fieldstone.clock import zone_named
from fieldstone.errors import FieldstoneError, Problem
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.query_language.binding import Binder
from fieldstone.query_language.declared_texts import declared_texts
from fieldstone.query_language.formula.affected import Affected, formula_texts
from fieldstone.query_language.formula.record_scope import default_expression, field_expression
from fieldstone.query_language.formula.rule_scope import rule_condition
from fieldstone.query_language.formula.summed import field_summed
from fieldstone.query_language.guards import resolved_criterion
from fieldstone.query_language.operands import Reader
from fieldstone.query_language.plan import Moment, Parameter
from fieldstone.query_language.roll_ups import RollUpParts

Work = Callable[[], object]
_SOME_MOMENT: Final = Moment(datetime(2000, 1, 1, tzinfo=UTC), zone_named("UTC"))


@dataclass(frozen=True, slots=True)
class WrongFormula:
    """A formula or roll-up that cannot be worked out.

    kind, name: of the component. key: where in its body.
    """

    kind: str
    name: str
    key: str
    problem: Problem


def wrong_formulas(catalog: Catalog, among: Affected) -> Iterator[WrongFormula]:
    """Yield every formula and roll-up that cannot be worked out, with what is wrong with it.

    Calculated fields that use each other in a circle are among them. among: those to check.
    """
    for obj in catalog.objects:
        for field in obj.own_fields:
            if (obj.name, field.name) in among.fields:
                yield from _wrong_field(field, obj, catalog)
        for rule in catalog.validation_rules.get(obj.id, ()):
            if (obj.name, rule.name) in among.rules:
                work = partial(rule_condition, rule.condition, obj, catalog)
                yield from _wrong("validation_rule", f"{obj.name}.{rule.name}", "condition", work)
        yield from _wrong_criteria(obj, catalog)
    for policy in catalog.retention:
        if policy.where is not None and policy.object_id is not None:
            records = catalog.by_id[policy.object_id]
            tried = partial(_try_criterion, records, policy.where, catalog)
            yield from _wrong("retention_policy", policy.name, "where", tried)
    for kind, name, key, read in declared_texts(catalog):
        yield from _wrong(kind, name, key, read)


def _wrong_criteria(obj: ObjectDef, catalog: Catalog) -> Iterator[WrongFormula]:
    """Yield the conditions of wrong rules that share records, or give them to territories."""
    shares = catalog.sharing_rules.get(obj.id, ())
    told = [("sharing_rule", one.name, one.where) for one in shares if one.where is not None]
    given = catalog.territory_rules.get(obj.id, ())
    told += [("territory_rule", one.name, one.where) for one in given]
    for kind, name, where in told:
        yield from _wrong(kind, name, "where", partial(_try_criterion, obj, where, catalog))


def _try_criterion(obj: ObjectDef, where: str, catalog: Catalog) -> None:
    made: list[Parameter] = []

    def parameter(number: int | None, read: Reader) -> Parameter:
        made.append(Parameter(f"p{len(made)}", number, read))
        return made[-1]

    resolved_criterion(obj, where, catalog, parameter)
    for one in made:
        one.read(0, _SOME_MOMENT)


def length_of_texts(catalog: Catalog, among: Affected) -> int:
    """Give how many characters the formulas have that wrong_formulas would check."""
    found = 0
    for obj in catalog.objects:
        for field in obj.own_fields:
            if (obj.name, field.name) in among.fields:
                found += sum(map(len, formula_texts(field)))
        for rule in catalog.validation_rules.get(obj.id, ()):
            if (obj.name, rule.name) in among.rules:
                found += len(rule.condition)
    return found


def _wrong_field(field: Field, obj: ObjectDef, catalog: Catalog) -> Iterator[WrongFormula]:
    name = f"{obj.name}.{field.name}"
    if field.formula is not None:
        yield from _wrong("field", name, "formula", _Trial(catalog, obj).ref(field))
    if field.roll_up is not None:
        for key, work in _Trial(catalog, obj).parts(field):
            yield from _wrong("field", name, key, work)
    if field.default_formula is not None:
        work = partial(default_expression, field, obj, catalog)
        yield from _wrong("field", name, "default_formula", work)
    for key, condition in _conditions(field):
        yield from _wrong("field", name, key, partial(rule_condition, condition, obj, catalog))


def _conditions(field: Field) -> Iterator[tuple[str, str]]:
    """Yield the conditions of a field, each with its key."""
    if field.visible_if is not None:
        yield "visible_if", field.visible_if
    if field.required_if is not None:
        yield "required_if", field.required_if


class _Trial:
    """Binds the calculated fields of an object as a query would, and reads their constants."""

    def __init__(self, catalog: Catalog, obj: ObjectDef) -> None:
        self._catalog = catalog
        self._object = obj
        self._parameters: list[Parameter] = []
        self._binder = Binder(catalog, ADMINISTRATOR, obj, self._parameter, checks=True)

    def ref(self, field: Field) -> Work:
        """Give the work of binding a field."""
        return partial(self._binder.ref, 0, field)

    def parts(self, field: Field) -> Iterator[tuple[str, Work]]:
        """Yield the work of binding each part of a roll-up, with its key, as long as it goes."""
        try:
            parts = RollUpParts.of(field, self._object, self._catalog)
        except FieldstoneError as error:
            yield "roll_up/children", partial(_fail, error)
            return
        yield "roll_up/field", partial(parts.argument, self._binder.children_of(parts))
        yield "roll_up/where", partial(self._where, parts)
        assert field.roll_up is not None
        if _works(partial(field_summed, field.roll_up, parts.relation.object)):
            yield "type", partial(field_expression, field, self._object, self._catalog)

    def _where(self, parts: RollUpParts) -> None:
        parts.where(self._binder.children_of(parts))
        for parameter in self._parameters:
            parameter.read(0, _SOME_MOMENT)

    def _parameter(self, number: int | None, read: Reader) -> Parameter:
        made = Parameter(f"p{len(self._parameters)}", number, read)
        self._parameters.append(made)
        return made


def _fail(error: FieldstoneError) -> None:
    raise error


def _works(work: Work) -> bool:
    try:
        work()
    except FieldstoneError:
        return False
    return True


def _wrong(kind: str, name: str, key: str, work: Work) -> Iterator[WrongFormula]:
    try:
        work()
    except FieldstoneError as error:
        yield WrongFormula(kind, name, key, error.problem)
