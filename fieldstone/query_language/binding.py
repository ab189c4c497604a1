"""Names to fields: what a path in a query means to one viewer.

What the viewer may not read is treated as if it did not exist: the same error, and a hint that
is drawn from the visible names alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from fieldstone.errors import FieldstoneError
from fieldstone.metadata.catalog import Catalog, ChildRelation, Field, ObjectDef
from fieldstone.metadata.names import keys_of, suggestion
from fieldstone.metadata.rights import ADMINISTRATOR, Rights
from fieldstone.metadata.values import fold
from fieldstone.query_language.constants import number_named, with_values
from fieldstone.query_language.errors import UnknownField, UnknownObject
from fieldstone.query_language.expressions import (
    bound_at,
    made_field,
    made_ref,
    paths_in,
    written_expression,
)
from fieldstone.query_language.formula.record_scope import (
    USER_OBJECT,
    FieldPath,
    RecordScope,
    field_expression,
    shape_of,
)
from fieldstone.query_language.formula.sql_values import sent
from fieldstone.query_language.formula.typed import Constant, Failure, MomentValue, Read, Typed
from fieldstone.query_language.functions.look_up import LookedUpField
from fieldstone.query_language.lifting import Lifted
from fieldstone.query_language.moment_readers import moment_reader
from fieldstone.query_language.operands import Reader, uses_slot
from fieldstone.query_language.plan import (
    FieldRef,
    Leaf,
    Literal,
    LookedUp,
    Moment,
    Parameter,
    RolledUp,
    Rows,
    SourceTable,
)
from fieldstone.query_language.polymorphic import asks_type, type_ref
from fieldstone.query_language.record_type_names import name_of_type, tells_type
from fieldstone.query_language.relations import RELATION_SUFFIX, relation_of, targets_of
from fieldstone.query_language.render import Writer
from fieldstone.query_language.roll_ups import RollUpParts
from fieldstone.query_language.sources import Guarding, Sources
from fieldstone.query_language.syntax import Call, Operation, Path

Parameters = Callable[[int | None, Reader], Parameter]
"""Makes a parameter of the plan."""

MAX_PARENTS: Final = 5


def bind_object(path: Path, catalog: Catalog, rights: Rights) -> ObjectDef:
    """Give the object that a name in a query means. Raises UnknownObject."""
    found = catalog.find_object(path.text)
    if found is not None and rights.may_read_object(found.id):
        return found
    visible = (obj.name for obj in catalog.objects if rights.may_read_object(obj.id))
    raise UnknownObject(
        f"There is no object {path.text[:80]}.",
        at=path.span,
        hint=suggestion(path.text, visible),
    )


def bind_children(path: Path, parent: ObjectDef, catalog: Catalog, rights: Rights) -> ChildRelation:
    """Give the child relation that the FROM of a subquery means. Raises UnknownObject.

    It is called by its name, by the name of its object in the plural or the singular, or by
    name__r; in front of it may stand the name of the parent.
    """
    wanted = fold(path.names[-1]).removesuffix(RELATION_SUFFIX)
    visible = [
        relation
        for relation in catalog.children_of(parent)
        if rights.may_read_object(relation.object.id) and rights.may_read_field(relation.field.id)
    ]
    for names in (_relation_names, _object_names):
        for relation in visible:
            if wanted in names(relation):
                return relation
    raise UnknownObject(
        f"{parent.label} has no children {path.text[:80]}.",
        at=path.span,
        hint=suggestion(path.names[-1], (relation.name for relation in visible)),
    )


def _relation_names(relation: ChildRelation) -> Iterator[str]:
    yield fold(relation.name).removesuffix(RELATION_SUFFIX)


def _object_names(relation: ChildRelation) -> Iterator[str]:
    obj = relation.object
    yield from (fold(obj.slug), fold(obj.plural_label).replace(" ", "_"))
    for name in (obj.name, *obj.aliases):
        for key in keys_of(name):
            yield from (key, *_plurals(key))


def _plurals(name: str) -> Iterator[str]:
    """Yield how a name may end in the plural: contacts, opportunities, statuses."""
    yield f"{name}s"
    if name.endswith("y"):
        yield f"{name[:-1]}ies"
    elif name.endswith(("s", "x", "h")):
        yield f"{name}es"


class Binder(Sources):
    """Binds the paths of one query and collects the parents that they go through.

    trail: the roll-ups of which it is a part. checks: whether a calculated field raises what is
    wrong with it; else it then has no value. as_of: the instant at which records are looked at.
    """

    def __init__(
        self,
        catalog: Catalog,
        rights: Rights,
        obj: ObjectDef,
        parameters: Parameters,
        *,
        trail: tuple[Field, ...] = (),
        checks: bool = False,
        as_of: Parameter | None = None,
        guards: Guarding | None = None,
    ) -> None:
        super().__init__(catalog, rights, obj, guards)
        self._parameters = parameters
        self._expressions: dict[str, FieldRef] = {}
        self._trail = trail
        self._checks = checks
        self.as_of = as_of
        self._calculated: dict[tuple[int, Field], FieldRef] = {}
        self._rolled_up: dict[tuple[int, Field], RolledUp] = {}
        self._looked_up: dict[LookedUpField, LookedUp] = {}
        self._types: dict[tuple[int, Field], FieldRef] = {}
        self._of_moment: dict[object, Parameter] = {}
        self._constants: dict[int, Read] = {}

    def field(self, path: Path, *, shown: bool = False) -> FieldRef:
        """Give the field that a path means. Raises UnknownField, MaskedField.

        shown: whether it is only to be shown, be it behind its mask.

        Behind a reference to several objects it is the field of this name of whichever object a
        record points to. A name with a dollar, such as $User.name, is worked out.
        """
        if path.names[0].startswith("$"):
            return self._outside(path)
        *parents, name = self.own_names(path)
        if len(parents) > MAX_PARENTS:
            raise UnknownField(
                f"{path.text[:200]} goes through more than {MAX_PARENTS} parents.", at=path.span
            )
        places: tuple[int, ...] = (0,)
        for depth, parent in enumerate(parents, 1):
            if depth == len(parents):
                found = self._part(places[0], parent, name) or self._type(places, parent, name)
                if found is not None:
                    return found
            places = self.parents(places, parent, path)
        found_in = self.fields(places, name, path, shown=shown)
        return self._alternatives([self.ref(place, field) for place, field in found_in])

    def _outside(self, path: Path) -> FieldRef:
        """Give what a name with a dollar means, which is the same for every row."""
        if path.text not in self._expressions:
            obj = self.sources[0].object
            scope = RecordScope(self._catalog, obj, self._rights)
            found = written_expression(path, scope, {}, _no_constant)
            field = made_field(len(self._expressions), path.text, found.shape, obj)
            self._expressions[path.text] = made_ref(0, field, bound_at(found, 0, self))
        return self._expressions[path.text]

    def outside(self, path: Path) -> Typed:
        """Give the value that a name with a dollar stands for. Raises UnknownField."""
        found = self._outside(path).computed
        assert found is not None, "it is worked out"
        return found

    def _part(self, place: int, name: str, part: str) -> FieldRef | None:
        """Give the part of a field's value, such as the city of an address, or a type's name."""
        obj = self.sources[place].object
        of_type = name_of_type(obj, name, part, self._rights)
        if of_type is not None:
            return self.ref(place, of_type)
        field = obj.find_field(name)
        if (
            field is None
            or fold(part) not in field.type.parts
            or not self._rights.may_read_field(field.id)
        ):
            return None
        text = f"{place} {field.name}.{fold(part)}"
        if text not in self._expressions:
            whole = FieldPath((), field, fold(part))
            made = made_field(len(self._expressions), text, shape_of(whole), obj)
            leaf = Read(Leaf(place, field, whole.part), shape_of(whole))
            self._expressions[text] = made_ref(place, made, leaf)
        return self._expressions[text]

    def _type(self, places: tuple[int, ...], parent: str, name: str) -> FieldRef | None:
        """Give the name of the object that a reference points to, where that is asked."""
        found = []
        for place in places:
            field = relation_of(self.sources[place].object, parent, self._rights)
            targets = [] if field is None else targets_of(field, self._catalog, self._rights)
            if field is None or not asks_type(name, targets):
                continue
            if (place, field) not in self._types:
                number = len(self._types)
                self._types[place, field] = type_ref(number, place, field, targets)
            found.append(self._types[place, field])
        return self._alternatives(found) if found else None

    def is_type(self, ref: FieldRef) -> bool:
        """Tell whether a field was made for the name of the object that a reference points to."""
        return any(ref.field is one.field for one in self._types.values())

    def is_part(self, ref: FieldRef) -> bool:
        """Tell whether a field was made for a part of another's value, or a type's name."""
        if ref.computed is None:
            return False
        return not ref.field.is_calculated or tells_type(ref.field)

    def ref(self, place: int, field: Field) -> FieldRef:
        """Give the reference to a field of a source."""
        if not field.is_calculated:
            return FieldRef(place, field, masked=self._rights.is_masked(field.id))
        if (place, field) not in self._calculated:
            self._calculated[place, field] = made_ref(place, field, self._value_of(place, field))
        return self._calculated[place, field]

    def _value_of(self, place: int, field: Field) -> Typed:
        """Give the value of a calculated field; one whose definition is wrong has none."""
        obj = self.sources[place].object
        try:
            found = field_expression(field, obj, self._catalog, self._trail)
            return bound_at(found, place, self)
        except FieldstoneError as error:
            if self._checks:
                raise
            # Changes that break a formula are refused; one that got through hides its field alone.
            return Failure(str(error), shape_of(FieldPath((), field)))

    def rolled_up(self, place: int, field: Field) -> RolledUp:
        """Give what a roll-up field of a source sums up. Raises what is wrong with it."""
        if (place, field) not in self._rolled_up:
            parts = RollUpParts.of(field, self.sources[place].object, self._catalog)
            children = self.children_of(parts)
            self._rolled_up[place, field] = parts.bind(place, children, self._catalog)
        return self._rolled_up[place, field]

    def children_of(self, parts: RollUpParts) -> Binder:
        """Give what binds the names of a roll-up, which the system asks, whoever looks at it."""
        return self._of_system(parts.relation.object, (*self._trail, parts.field))

    def _of_system(self, obj: ObjectDef, trail: tuple[Field, ...]) -> Binder:
        return Binder(
            self._catalog,
            ADMINISTRATOR,
            obj,
            self._parameters,
            trail=trail,
            checks=self._checks,
            as_of=self.as_of,
        )

    def looked_up(self, wanted: LookedUpField) -> LookedUp:
        """Give what VLOOKUP reads of another object: what the system sees, whoever looks."""
        if wanted not in self._looked_up:
            rows = self._of_system(wanted.object, self._trail)
            result = rows.ref(0, wanted.result)
            if result.computed is None:
                shape = shape_of(FieldPath((), wanted.result))
                result = made_ref(0, wanted.result, Read(Leaf(0, wanted.result), shape))
            found = Rows(self._catalog.tenant_id, tuple(rows.sources), None, as_of=self.as_of)
            self._looked_up[wanted] = LookedUp(found, FieldRef(0, wanted.key), result)
        return self._looked_up[wanted]

    def parameter(self, number: int | None, read: Reader) -> Parameter:
        """Make a parameter of the plan."""
        return self._parameters(number, read)

    def expression(self, written: Path | Call | Operation, lifted: Lifted) -> FieldRef:
        """Give the value of an expression in the query, the same field for the same text.

        lifted: the query. Raises UnknownField, UnknownFunction, TypeMismatch.
        """
        known = with_values(written, lifted.inlined)
        text = Writer().expression(known)
        if text not in self._expressions:
            obj = self.sources[0].object
            paths = {path: replace(path, names=self.own_names(path)) for path in paths_in(known)}
            scope = RecordScope(self._catalog, obj, self._rights, trail=self._trail)
            constants = partial(self.constant, lifted=lifted)
            found = written_expression(known, scope, paths, constants)
            field = made_field(len(self._expressions), text, found.shape, obj)
            self._expressions[text] = made_ref(0, field, bound_at(found, 0, self))
        return self._expressions[text]

    def constant(self, name: Path, lifted: Lifted) -> Read:
        """Give the value of a constant that was lifted, by the name that it has in expressions."""
        number = number_named(name)
        if number not in self._constants:
            known = lifted.literals[number]
            assert isinstance(known, Constant)
            self._constants[number] = Read(self._parameters(number, _sent), known.shape)
        return self._constants[number]

    def place_of_user(self) -> int:
        """Give the place of the viewer's own record."""
        users = self._catalog.get_object(USER_OBJECT)
        return self.place_of(SourceTable(users, user=self.of_moment(MomentValue.USER)))

    def of_moment(self, source: object) -> Parameter:
        """Give the parameter that takes what is known of moment and viewer."""
        if source not in self._of_moment:
            assert isinstance(source, MomentValue)
            self._of_moment[source] = self._parameters(None, moment_reader(source))
        return self._of_moment[source]

    def _alternatives(self, refs: list[FieldRef]) -> FieldRef:
        first, *others = refs
        alike = [other for other in others if other.field.type is first.field.type]
        # One form for all of them: their slots if each has one, else their JSON.
        exact = bool(alike) and not all(uses_slot(ref) for ref in (first, *alike))
        return replace(first, exact=exact, others=tuple(alike))


def _sent(literal: Literal, moment: Moment) -> object:
    """Read a constant of an expression."""
    assert isinstance(literal, Constant)
    return sent(literal)


def _no_constant(name: Path) -> Read:
    raise AssertionError(name)
