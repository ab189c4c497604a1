"""Where bodies name other components: what follows a rename, and what goes when that goes.

A kind declares its places once; renames, where-used, references and removals read them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Protocol

from fieldstone.metadata.component import Component
from fieldstone.metadata.names import keys_of
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import Json, JsonObject, fold

Way = tuple[str | int, ...]
"""Keys and positions that lead to a place in a body."""

Key = tuple[str, str]
_RELATION: Final = "__r"


class Form(StrEnum):
    """How a place names something.

    FIELD: by its own name. PATH: a field of it or, through references, of a parent. FULL: as in
    Deal.value. OWN: a part of an object, such as a record type, by its own name or, where that may
    have a point, its full one; without an object, what belongs to none. NAME: a component of one
    of some kinds, by its full name. MERGED: a text with {!Path} in it.
    """

    OBJECT = "object"
    FIELD = "field"
    PATH = "path"
    FULL = "full"
    OWN = "own"
    NAME = "name"
    FORMULA = "formula"
    CONDITION = "condition"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Place:
    """A place where the bodies of a kind name something.

    pattern: the way to it, as in sections/*/columns/*/*/field: * is each of a list or of the
    values of an object, ~ each key of one. kinds: of OWN and NAME. owner: the way to the object
    whose part is named, or several with | between, of which the first that says something counts;
    its stars are those of the pattern, and of a full name there the object counts. drops: how many
    steps above the name that begins which goes with what is named; None where nothing can go, so
    that the thing is needed.
    """

    pattern: str
    form: Form
    kinds: tuple[str, ...] = ("field",)
    owner: str = "object"
    drops: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What one place of one body says. value: a text, but for conditions that are JSON."""

    place: Place
    way: Way
    value: Json
    owner: str

    @property
    def text(self) -> str:
        """The name that is said."""
        return str(self.value)

    @property
    def pointer(self) -> str:
        """Where it stands, as a JSON pointer."""
        return "".join(f"/{str(one).replace('~', '~0').replace('/', '~1')}" for one in self.way)


class FormulaNames(Protocol):
    """Knows the names in formulas, which are read above this room."""

    def renamed(self, text: str, owner: str, target: Component, name: str) -> str:
        """Give a formula over the records of owner as it reads once target is called name."""
        ...

    def renamed_roll_up(
        self, said: JsonObject, owner: str, target: Component, name: str
    ) -> JsonObject:
        """Give the roll_up of a field of owner as it reads once target is called name."""
        ...

    def renamed_condition(self, said: Json, owner: str, target: Component, name: str) -> Json:
        """Give a condition over the records of owner as it reads once target is called name."""
        ...


def said_in(component: Component, places: Iterable[Place]) -> Iterator[Said]:
    """Yield what a body says at some places; what is not there, or no text, is passed over."""
    for place in places:
        for way, stars, value in _found(component.body, place.pattern.split("/"), (), ()):
            if isinstance(value, str) or (place.form is Form.CONDITION and value is not None):
                yield Said(place, way, value, _owner(component.body, place.owner, stars))


def references_of(said: Said) -> Iterator[Key]:
    """Yield the kinds and names of what must be there, as far as it can be told without others."""
    form, text = said.place.form, said.text
    if form is Form.OBJECT:
        yield "object", text
    elif form is Form.FIELD and fold(text) in _SYSTEM:
        yield "object", said.owner
    elif form is Form.FIELD:
        yield "field", f"{said.owner}.{text}"
    elif form is Form.FULL:
        yield "field", text
    elif form is Form.OWN:
        yield said.place.kinds[0], _full(said)
    elif form is Form.NAME and len(said.place.kinds) == 1:
        yield said.place.kinds[0], text


def is_known(said: Said, scope: Scope) -> bool:
    """Tell whether a path, or a name of one of several kinds, means something."""
    if said.place.form is Form.PATH:
        return all(meant is not None or is_own for meant, is_own in _steps(said, scope))
    if said.place.form is Form.NAME:
        return any(scope.find(kind, said.text) is not None for kind in said.place.kinds)
    return True


def means(written: str, target: Component, scope: Scope) -> bool:
    """Tell whether a name is that of a component; short of its __c only if no other has it.

    written: with the name of the object, as in Deal.value, for what belongs to one.
    """
    owner, _, own = target.name.rpartition(".")
    said_owner, _, said = written.rpartition(".")
    if fold(said) not in keys_of(own) or not _is_of(said_owner, owner, scope):
        return False
    if fold(said) == fold(own):
        return True
    if target.kind == "field" and fold(said) in _SYSTEM:
        return False
    found = scope.find(target.kind, f"{owner}.{said}" if owner else said)
    return found is None or found.key == target.key


def names(said: Said, target: Component, scope: Scope) -> bool:
    """Tell whether a place names a component; not asked of formulas and conditions."""
    return _renamed_text(said, target, target.name, scope) is not None


def followed(
    component: Component,
    places: Iterable[Place],
    rename: tuple[Component, str],
    scope: Scope,
    formulas: FormulaNames | None,
) -> Component:
    """Give a component whose body says the new name of what is renamed: rename is both."""
    target, name = rename
    changes: list[tuple[Way, Json, bool]] = []
    for said in said_in(component, places):
        new: Json = _renamed_text(said, target, name, scope)
        if said.place.form in _READ_ABOVE and formulas is not None:
            new = _READ_ABOVE[said.place.form](formulas)(said.value, said.owner, target, name)
        if new is not None and new != said.value:
            changes.append((said.way, new, said.place.pattern.endswith("~")))
    if not changes:
        return component
    body = _copied(component.body)
    # Keys last, the deepest first: the ways to what stands below them would lead nowhere.
    for way, new, is_key in sorted(changes, key=lambda one: (one[2], -len(one[0]))):
        if is_key:
            _rename_key(body, way, str(new))
        else:
            _at(body, way[:-1])[way[-1]] = new
    return replace(component, body=body)


def without(
    component: Component, places: Iterable[Place], gone: Collection[Component], scope: Scope
) -> Component:
    """Give a component that says nothing any more of what is gone, where it can do without."""
    ways = {
        said.way[: len(said.way) - said.place.drops]
        for said in said_in(component, places)
        if said.place.drops is not None and any(names(said, one, scope) for one in gone)
    }
    if not ways:
        return component
    body = _copied(component.body)
    # From the end, so that the positions of what is still to go stay right.
    for way in sorted(ways, key=lambda one: [(isinstance(s, int), s) for s in one], reverse=True):
        holder = _at(body, way[:-1])
        if holder is not None:
            del holder[way[-1]]
    return replace(component, body=body)


def _formulas(formulas: FormulaNames) -> Callable[[Any, str, Component, str], Json]:
    return formulas.renamed


def _conditions(formulas: FormulaNames) -> Callable[[Any, str, Component, str], Json]:
    return formulas.renamed_condition


_READ_ABOVE: Final = {Form.FORMULA: _formulas, Form.CONDITION: _conditions}


def _found(
    value: Json, pattern: list[str], way: Way, stars: Way
) -> Iterator[tuple[Way, Way, Json]]:
    """Yield the ways that a pattern leads to, what its stars stand for, and what is there."""
    if not pattern:
        yield way, stars, value
        return
    step, rest = pattern[0], pattern[1:]
    inner: Iterable[tuple[str | int, Json]] = ()
    if isinstance(value, Mapping):
        inner = value.items()
    elif isinstance(value, list | tuple) and step == "*":
        inner = enumerate(value)
    for key, part in inner:
        if step == "~":
            yield (*way, key), (*stars, key), str(key)
        elif step == "*":
            yield from _found(part, rest, (*way, key), (*stars, key))
        elif step == key:
            yield from _found(part, rest, (*way, key), stars)


def _owner(body: JsonObject, pattern: str, stars: Way) -> str:
    found = (_owner_at(body, one, stars) for one in pattern.split("|"))
    return next(filter(None, found), "")


def _owner_at(body: JsonObject, pattern: str, stars: Way) -> str:
    at: Json = body
    ahead = iter(stars)
    for step in pattern.split("/"):
        key = next(ahead, None) if step in ("*", "~") else step
        if isinstance(at, Mapping) and isinstance(key, str):
            at = at.get(key)
        elif isinstance(at, list | tuple) and isinstance(key, int):
            at = at[key]
    return str(at).partition(".")[0] if isinstance(at, str) else ""


def _renamed_text(said: Said, target: Component, name: str, scope: Scope) -> str | None:
    """Give what a place says once target is called name; None if it names something else."""
    rename = _RENAMES.get(said.place.form)
    return None if rename is None else rename(said, target, name, scope)


def _renamed_object(said: Said, target: Component, name: str, scope: Scope) -> str | None:
    return name if target.kind == "object" and means(said.text, target, scope) else None


def _renamed_name(said: Said, target: Component, name: str, scope: Scope) -> str | None:
    if target.kind in said.place.kinds:
        return name if means(said.text, target, scope) else None
    return _renamed_owner(said, (target, name), scope)


def _renamed_own(said: Said, target: Component, name: str, scope: Scope) -> str | None:
    if target.kind in said.place.kinds and means(_full(said), target, scope):
        before, point, _ = said.text.rpartition(".")
        return f"{before}{point}{_own_of(name)}"
    return _renamed_owner(said, (target, name), scope)


def _full(said: Said) -> str:
    """Give the full name of a part that is said by its own name."""
    is_own = said.owner and "." not in said.text
    return f"{said.owner}.{said.text}" if is_own else said.text


def _renamed_owner(said: Said, rename: tuple[Component, str], scope: Scope) -> str | None:
    """Give a full name of a part once its object is called otherwise; None where none is said."""
    target, name = rename
    owner, _, own = said.text.rpartition(".")
    if target.kind != "object" or not (owner and means(owner, target, scope)):
        return None
    is_there = any(scope.find(kind, said.text) is not None for kind in said.place.kinds)
    return f"{name}.{own}" if is_there else None


def _renamed_full(said: Said, target: Component, name: str, scope: Scope) -> str | None:
    first, _, last = said.text.partition(".")
    if target.kind == "object":
        return f"{name}.{last}" if means(first, target, scope) else None
    same = target.kind == "field" and means(said.text, target, scope)
    return f"{first}.{_own_of(name)}" if same else None


def _renamed_path(said: Said, target: Component, name: str, scope: Scope) -> str | None:
    steps = said.text.split(".")
    if target.kind != "field" or not _may_mean(steps, target):
        return None
    meant = [one for one, _ in _steps(said, scope)]
    if not any(one is not None and one.key == target.key for one in meant):
        return None
    # A step that was never resolved stands behind those that were.
    padded = [*meant, *[None] * (len(steps) - len(meant))]
    return ".".join(
        _own_of(name) if one is not None and one.key == target.key else step
        for step, one in zip(steps, padded, strict=True)
    )


def _may_mean(steps: Iterable[str], target: Component) -> bool:
    """Tell quickly whether a step of a path may be a field, so that most need not be resolved."""
    spelled = {key for one in _spelled(target) for key in keys_of(one)}
    told = {fold(step).removesuffix(_RELATION) for step in steps}
    return any(one in spelled or f"{one}__c" in spelled or f"{one}id" in spelled for one in told)


def _spelled(field: Component) -> Iterator[str]:
    yield _own_of(field.name)
    yield from _texts(field.body.get("aliases"))


def _renamed_merged(said: Said, target: Component, name: str, scope: Scope) -> str | None:
    parts = said.text.split("{!")
    done, is_changed = [parts[0]], False
    for part in parts[1:]:
        path, end, rest = part.partition("}")
        other = _renamed_value(said, path.strip(), (target, name), scope) if end else None
        is_changed |= other is not None
        done.append(f"{other if other is not None else path}{end}{rest}")
    return "{!".join(done) if is_changed else None


def _renamed_value(
    said: Said, path: str, rename: tuple[Component, str], scope: Scope
) -> str | None:
    """Give a path within {!}, in front of which the object itself may stand."""
    first, point, rest = path.partition(".")
    of_itself = bool(point) and _is_of(first, said.owner, scope)
    if of_itself and rename[0].kind == "object":
        new = _renamed_object(replace(said, value=first), *rename, scope)
        return None if new is None else f"{new}.{rest}"
    own = replace(said, value=rest if of_itself else path)
    new = _renamed_path(own, *rename, scope)
    return f"{first}.{new}" if new is not None and of_itself else new


_RENAMES: Final[Mapping[Form, Callable[[Said, Component, str, Scope], str | None]]] = {
    Form.OBJECT: _renamed_object,
    Form.FIELD: _renamed_own,
    Form.PATH: _renamed_path,
    Form.FULL: _renamed_full,
    Form.OWN: _renamed_own,
    Form.NAME: _renamed_name,
    Form.MERGED: _renamed_merged,
}
"""For each form that is read here, what gives the new text."""


def _own_of(name: str) -> str:
    return name.partition(".")[2] or name


def _is_of(name: str, owner: str, scope: Scope) -> bool:
    return fold(scope.object_name(name) or name) == fold(scope.object_name(owner) or owner)


def _steps(said: Said, scope: Scope) -> Iterator[tuple[Component | None, bool]]:
    """Yield what each step of a path means, and whether it is a field that every object has.

    It ends at the first step that means nothing, or whose parent may be one of several.
    """
    fields = scope.worked_out(_spellings)
    at: str | None = scope.object_name(said.owner)
    for number, step in enumerate(said.text.split(".")):
        found = None if at is None else _field_named(fields, at, step)
        if found is None:
            is_own = at is not None and fold(step) in _SYSTEM
            yield None, is_own or (number > 0 and at == _SEVERAL)
            if not is_own or fold(step) not in _PEOPLE:
                return
            at = scope.object_name("User")
            continue
        yield found, False
        targets = found.body.get("references")
        names = [targets] if isinstance(targets, str) else list(_texts(targets))
        if len(names) != 1:
            # Which fields the parent has depends on the record.
            at = _SEVERAL
            continue
        at = scope.object_name(names[0])


_SEVERAL: Final = ""
_PEOPLE: Final = frozenset({"owner", "created_by", "updated_by", "createdby", "lastmodifiedby"})
_SYSTEM: Final = _PEOPLE | {
    *("id", "created_at", "updated_at", "version", "ownerid", "createddate", "createdbyid"),
    *("lastmodifieddate", "systemmodstamp", "lastmodifiedbyid", "recordtypeid"),
    *("record_type", "recordtype"),
}


def _texts(value: Json) -> Iterator[str]:
    return (str(one) for one in value) if isinstance(value, list | tuple) else iter(())


def _field_named(
    fields: Mapping[tuple[str, str], Component], owner: str, step: str
) -> Component | None:
    """Give the field that a step means: by its name or alias, or as a relation."""
    folded = fold(step)
    bare = folded.removesuffix(_RELATION)
    tried = [folded] if bare == folded else [f"{bare}__c", bare]
    for one in (*tried, *(f"{bare}id", f"{bare}_id")):
        if (found := fields.get((fold(owner), one))) is not None:
            return found
    return None


def _spellings(scope: Scope) -> dict[tuple[str, str], Component]:
    """Give every field by the folded name of its object and each of its own spellings."""
    found: dict[tuple[str, str], Component] = {}
    short: dict[tuple[str, str], Component] = {}
    for component in scope.of_kind("field"):
        owner = fold(component.name.partition(".")[0])
        for name in _spelled(component):
            full, *others = keys_of(name)
            found.setdefault((owner, full), component)
            for key in others:
                if key not in _SYSTEM:
                    short.setdefault((owner, key), component)
    # A field's own full name wins over another's short one, as in the catalog.
    return short | found


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(part) for key, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list | tuple) else value


def _at(body: Any, way: Way) -> Any:
    for step in way:
        try:
            body = body[step]
        except (KeyError, IndexError):
            return None
    return body


def _rename_key(body: Any, way: Way, new: str) -> None:
    """Give a key another name, in its place among the others."""
    holder = _at(body, way[:-1])
    entries = [(new if key == way[-1] else key, part) for key, part in holder.items()]
    holder.clear()
    holder.update(entries)
