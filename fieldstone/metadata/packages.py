"""Packages: sets of components in files, one component a file, with a manifest.

    package.yaml            name, label, version …
    objects/Deal.yaml       an object with its fields inside, as for POST /api/objects
    picklists/Industry.yaml, relations/ContactCompany.yaml, attach_rules/contact_company.yaml …

A file is called as its component is; its folder is the kind, in the plural.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Annotated, Final, Protocol

import msgspec
from jsonschema import Draft202012Validator
from msgspec import Meta

from fieldstone.errors import InvalidInput, Problem, Several, Span
from fieldstone.metadata.component import Component
from fieldstone.metadata.definitions import field_problems, read_definition
from fieldstone.metadata.graph import find_cycles, in_order
from fieldstone.metadata.kinds.registry import FIELD, KINDS, OBJECT, RELATION, get_kind
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.schemas import problems_of, schema_of
from fieldstone.metadata.values import Json
from fieldstone.metadata.yaml_text import BadYaml, read_yaml

MANIFEST: Final = "package.yaml"
SUFFIX: Final = ".yaml"
MAX_FILES: Final = 10_000
MAX_FOLDER_DEPTH: Final = 2
BESIDE: Final = frozenset({"README.md", "LICENSE", "NOTICE"})
FOLDERS: Final[Mapping[str, str]] = {f"{kind}s": kind for kind in KINDS}

PackageName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
Version = Annotated[
    str,
    Meta(pattern=r"^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(-[0-9A-Za-z.-]{1,80})?$"),
]
VersionRange = Annotated[
    str, Meta(pattern=r"^((>=|<=|>|<|=|\^|~)?\d{1,9}(\.\d{1,9}){0,2}( |$)){1,4}$")
]


class BadPackage(InvalidInput):
    """Files that are no package as a whole."""

    code = "package.invalid"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a package says of itself.

    namespace: what its names begin with where they could clash; "" for none. version: as in
    semantic versioning. dependencies: name of another package to the versions that will do, such
    as {"crm": ">=1.2 <2"}.
    """

    name: PackageName
    label: Annotated[str, Meta(min_length=1, max_length=120)]
    version: Version
    namespace: Annotated[str, Meta(pattern="^([a-z][a-z0-9]{0,14})?$")] = ""
    description: Annotated[str, Meta(max_length=4000)] = ""
    dependencies: Mapping[PackageName, VersionRange] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Package:
    """A package as it was read. components are in an order in which they can be made."""

    manifest: Manifest
    components: tuple[Component, ...]


class Folder(Protocol):
    """A folder of files, such as a Path or what importlib.resources.files gives."""

    @property
    def name(self) -> str:
        """Its own name, without those of the folders above."""
        ...

    def iterdir(self) -> Iterator[Folder]:
        """Give what is in it."""
        ...

    def is_dir(self) -> bool:
        """Tell whether it is a folder rather than a file."""
        ...

    def read_text(self, encoding: str | None = None) -> str:
        """Give the text of a file."""
        ...


@dataclass(frozen=True, slots=True)
class _Placed:
    """A component with the place of each part: the file, and where in it the component lies."""

    component: Component
    at: str


_MANIFEST_SCHEMA: Final = Draft202012Validator(schema_of(Manifest))


def read_folder(folder: Folder) -> Package:
    """Read the package that lies in a folder. Raises Several with every problem."""
    return read_package(dict(_files_in(folder, "", MAX_FOLDER_DEPTH)))


def read_package(files: Mapping[str, str]) -> Package:
    """Read a package from the texts of its files by their paths, such as objects/Deal.yaml.

    Raises Several with every problem, each at file#pointer or file:line:column. References to
    components that the package does not hold are judged when it is installed.
    """
    if MANIFEST not in files:
        raise BadPackage(f"There is no {MANIFEST}.", at=MANIFEST)
    if len(files) > MAX_FILES:
        raise BadPackage(f"A package has at most {MAX_FILES:,} files.")
    return _Reader(files).read()


def _files_in(folder: Folder, above: str, depth: int) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda inner: inner.name):
        path = above + entry.name
        if entry.is_dir() and depth > 1:
            yield from _files_in(entry, f"{path}/", depth - 1)
        elif not entry.is_dir():
            yield path, entry.read_text(encoding="utf-8")


class _Reader:
    """Reads all files of one package and gathers what is wrong with them."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self._problems: list[Problem] = []

    def read(self) -> Package:
        """Give the package, or raise everything that is wrong with it."""
        manifest = self._manifest()
        name = manifest.name if manifest else ""
        placed = [
            part
            for path in sorted(self._files, key=_reading_order)
            if path != MANIFEST and path not in BESIDE
            for part in self._components(path, name)
        ]
        self._check_shapes(placed)
        self._check_doubles(placed)
        components = [part.component for part in placed]
        if not self._problems:
            self._problems.extend(find_cycles(components))
        if self._problems or manifest is None:
            raise Several(self._problems)
        return Package(manifest, in_order(components))

    def _manifest(self) -> Manifest | None:
        value = self._value(MANIFEST)
        if value is None:
            return None
        found = [
            problem.below(f"{MANIFEST}#")
            for problem in problems_of(_MANIFEST_SCHEMA, value, BadPackage.code)
        ]
        self._problems.extend(found)
        return None if found else msgspec.convert(value, Manifest)

    def _value(self, path: str) -> dict[str, Json] | None:
        """Give the object that a file holds; None if it holds none, which is a problem."""
        try:
            value = read_yaml(self._files[path])
        except BadYaml as error:
            self._problems.append(replace(error.problem, at=_place(path, error.problem.at)))
            return None
        if not isinstance(value, dict):
            self._problem(path, "The file must hold an object: keys with values.")
            return None
        return value

    def _components(self, path: str, package: str) -> Iterator[_Placed]:
        """Yield the components of one file."""
        kind = self._kind_of(path)
        value = None if kind is None else self._value(path)
        if kind is None or value is None:
            return
        name = PurePosixPath(path).name.removesuffix(SUFFIX)
        if kind != OBJECT.name:
            yield _Placed(Component(kind, name, value, package), f"{path}#")
            return
        if "name" in value:
            self._problem(f"{path}#/name", "The name of an object is that of its file.")
            return
        definition = read_definition({**value, "name": name}, package)
        self._problems.extend(problem.below(f"{path}#") for problem in definition.problems)
        for part in definition.components:
            yield _Placed(part, f"{path}#{definition.pointers[part.key]}")

    def _kind_of(self, path: str) -> str | None:
        """Give the kind that a file's folder stands for; None, which is a problem, if none."""
        parts = PurePosixPath(path).parts
        if len(parts) != 2 or parts[0] not in FOLDERS or not path.endswith(SUFFIX):
            known = ", ".join(FOLDERS)
            hint = suggestion(parts[0], FOLDERS) if len(parts) == 2 else None
            message = "This file has no place in a package."
            self._problem(path, message, hint or f"Files are NAME.yaml in one of {known}.")
            return None
        return FOLDERS[parts[0]]

    def _check_shapes(self, placed: Iterable[_Placed]) -> None:
        for part in placed:
            kind = get_kind(part.component.kind)
            found = list(kind.problems(part.component)) or list(_attribute_problems(part.component))
            self._problems.extend(problem.below(part.at) for problem in found)

    def _check_doubles(self, placed: Iterable[_Placed]) -> None:
        first: dict[tuple[str, str], _Placed] = {}
        for part in placed:
            other = first.setdefault(part.component.key, part)
            if other is not part:
                message = f"{part.component.name} stands in {other.at.partition('#')[0]} as well."
                self._problem(part.at, message)

    def _problem(self, at: str, message: str, hint: str | None = None) -> None:
        self._problems.append(Problem(BadPackage.code, message, at, hint))


def _attribute_problems(component: Component) -> Iterator[Problem]:
    """Yield what is wrong with the attributes of a relation, which are fields of it."""
    if component.kind != RELATION.name:
        return
    attributes = RELATION.read(component).attributes
    found = [p for n, a in enumerate(attributes) for p in field_problems(a, f"/attributes/{n}")]
    yield from found
    if not found:
        fields = RELATION.expand(component)[-len(attributes) :] if attributes else ()
        for number, part in enumerate(fields):
            for problem in FIELD.problems(part):
                yield problem.below(f"/attributes/{number}")


def _reading_order(path: str) -> tuple[int, str]:
    """Objects before single fields, so that a double is told where the single field stands."""
    return int(FOLDERS.get(path.partition("/")[0]) == FIELD.name), path


def _place(path: str, at: Span | str | None) -> str:
    return f"{path}:{at.line}:{at.column}" if isinstance(at, Span) else path
