"""Packages: sets of components in files, one component a file, with a manifest.

    package.yaml            name, label, version …
    objects/Deal.yaml       an object with its fields inside, as for POST /api/objects
    picklists/Industry.yaml, relations/ContactCompany.yaml, attach_rules/contact_company.yaml …

A file is called as its component is; its folder is the kind, in the plural.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Annotated, Final, Literal, Protocol

import msgspec
from jsonschema import Draft202012Validator
from msgspec import Meta

from fieldstone.errors import InvalidInput, Problem, Several, Span
from fieldstone.metadata.component import Component
from fieldstone.metadata.definitions import field_problems, read_definition
from fieldstone.metadata.graph import find_cycles, in_order
from fieldstone.metadata.kinds.object import Name
from fieldstone.metadata.kinds.registry import (
    FIELD,
    KINDS,
    OBJECT,
    PERMISSION_SET,
    RELATION,
    get_kind,
)
from fieldstone.metadata.names import plural_of, suggestion
from fieldstone.metadata.record_sets import (
    SUFFIX,
    RecordSet,
    is_record_file,
    problems_of_records,
    problems_of_sets,
    read_records,
)
from fieldstone.metadata.schemas import problems_of, schema_of
from fieldstone.metadata.values import Json, JsonObject, fold
from fieldstone.metadata.yaml_text import BadYaml, read_yaml

MANIFEST: Final = "package.yaml"
MAX_FILES: Final = 10_000
MAX_FOLDER_DEPTH: Final = 2
MOST_CHARACTERS: Final = 10_000_000
"""Of all files of a package: its reading takes some seconds for each million."""

BESIDE: Final = frozenset({"README.md", "LICENSE", "NOTICE"})
FOLDERS: Final[Mapping[str, str]] = {
    plural_of(name): name for name, kind in KINDS.items() if kind.shipped and not kind.kept
}
FOLDER_OF: Final[Mapping[str, str]] = {kind: folder for folder, kind in FOLDERS.items()}

# Nothing may stand behind what is told: $ alone lets a line end there.
_NAME: Final = r"^[a-z][a-z0-9_]{0,39}$(?!\n)"
_NUMBER: Final = "(0|[1-9][0-9]{0,8})"
FeatureName = Annotated[str, Meta(pattern=_NAME)]
PackageName = Annotated[str, Meta(pattern=_NAME)]
Version = Annotated[
    str,
    Meta(pattern=rf"^{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-[0-9A-Za-z.-]{{1,80}})?$(?!\n)"),
]
VersionRange = Annotated[
    str,
    Meta(pattern=r"^((>=|<=|>|<|=|\^|~)?[0-9]{1,9}(\.[0-9]{1,9}){0,2}( |$(?!\n))){1,4}$(?!\n)"),
]


class BadPackage(InvalidInput):
    """Files that are no package as a whole."""

    code = "package.invalid"


class ReadingStopped(Exception):
    """Nobody waits for a package any more that is being read."""


@dataclass(frozen=True, slots=True)
class Rename:
    """A component that is called otherwise from a version on, so that its values stay with it.

    name: as before; to: as from the version since on. Both are full names.
    """

    kind: Annotated[str, Meta(max_length=40)]
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    to: Annotated[str, Meta(min_length=1, max_length=200)]
    since: Version


@dataclass(frozen=True, slots=True)
class Step:
    """What is done once a package is installed, not when it is upgraded.

    assign_permission_set: a set that the package brings, no profile, which is given to who installs
    it or to everyone who may sign in.
    """

    assign_permission_set: Name
    to: Literal["installer", "everyone"] = "installer"


@dataclass(frozen=True, slots=True)
class Signature:
    """Who vouches for the files of a package: an Ed25519 key and its signature, both in base64.

    It is over all that the package holds but itself; see package_files.content_digest.
    """

    key: Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{43}=$(?!\n)")]
    value: Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{86}==$(?!\n)")]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a package says of itself.

    namespace: what its names begin with where they could clash; "" for none. version: as in
    semantic versioning. dependencies: name of another package to the versions that will do, such
    as {"crm": ">=1.2 <2"}; fieldstone is the product itself. features: what the tenant's plan must
    have. renames: what was called otherwise in earlier versions. steps: what is done afterwards.
    """

    name: PackageName
    label: Annotated[str, Meta(min_length=1, max_length=120)]
    version: Version
    namespace: Annotated[str, Meta(pattern=r"^([a-z][a-z0-9]{0,14})?$(?!\n)")] = ""
    description: Annotated[str, Meta(max_length=4000)] = ""
    dependencies: Mapping[PackageName, VersionRange] = field(default_factory=dict)
    features: Annotated[tuple[FeatureName, ...], Meta(max_length=50)] = ()
    renames: Annotated[tuple[Rename, ...], Meta(max_length=100)] = ()
    steps: Annotated[tuple[Step, ...], Meta(max_length=20)] = ()
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """A package as it was read. components are in an order in which they can be made.

    places: file and pointer of each component, by its key. records: by their objects' names.
    """

    manifest: Manifest
    components: tuple[Component, ...]
    places: Mapping[tuple[str, str], str] = field(default_factory=dict)
    records: tuple[RecordSet, ...] = ()


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


def read_manifest(said: JsonObject) -> Manifest:
    """Read what a package says of itself. Raises Several with every problem."""
    problems = list(problems_of(_MANIFEST_SCHEMA, said, BadPackage.code))
    if problems:
        raise Several(problems)
    return msgspec.convert(said, Manifest)


def read_folder(folder: Folder) -> Package:
    """Read the package that lies in a folder. Raises Several with every problem."""
    return read_package(files_of(folder))


def files_of(folder: Folder) -> dict[str, str]:
    """Give the texts of the files in a folder, by their paths."""
    return dict(_files_in(folder, "", MAX_FOLDER_DEPTH))


def check_size(files: Mapping[str, str]) -> None:
    """Refuse what is too much for one package. Raises BadPackage."""
    if len(files) > MAX_FILES:
        raise BadPackage(f"A package has at most {MAX_FILES:,} files.")
    if sum(map(len, files.values())) > MOST_CHARACTERS:
        raise BadPackage(
            f"A package has at most {MOST_CHARACTERS:,} characters in all its files.",
            hint="Make several of it that depend on each other.",
        )


def read_package(
    files: Mapping[str, str], is_stopped: Callable[[], bool] = lambda: False
) -> Package:
    """Read a package from the texts of its files by their paths, such as objects/Deal.yaml.

    Raises Several with every problem, each at file#pointer or file:line:column. References to
    components that the package does not hold are judged when it is installed.
    is_stopped: asked between files; once it says so, the rest is not read: ReadingStopped.
    """
    if MANIFEST not in files:
        raise BadPackage(f"There is no {MANIFEST}.", at=MANIFEST)
    check_size(files)
    return _Reader(files, is_stopped).read()


def _files_in(folder: Folder, above: str, depth: int) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda inner: inner.name):
        path = above + entry.name
        if entry.is_dir() and depth > 1:
            yield from _files_in(entry, f"{path}/", depth - 1)
        elif not entry.is_dir():
            yield path, entry.read_text(encoding="utf-8")


class _Reader:
    """Reads all files of one package and gathers what is wrong with them."""

    def __init__(self, files: Mapping[str, str], is_stopped: Callable[[], bool]) -> None:
        self._files = files
        self._is_stopped = is_stopped
        self._problems: list[Problem] = []

    def read(self) -> Package:
        """Give the package, or raise everything that is wrong with it."""
        manifest = self._manifest()
        name = manifest.name if manifest else ""
        placed = [
            part
            for path in sorted(self._files, key=_reading_order)
            if path != MANIFEST and path not in BESIDE and not is_record_file(path)
            for part in self._components(path, name)
        ]
        self._check_shapes(placed)
        self._check_doubles(placed)
        components = [part.component for part in placed]
        read = (self._record_set(path) for path in sorted(self._files) if is_record_file(path))
        found = (one for one in read if one is not None)
        records = sorted(found, key=lambda one: (one.object, one.part))
        self._problems.extend(problems_of_sets(records))
        if manifest is not None:
            self._problems.extend(_step_problems(manifest, components))
        if not self._problems:
            self._problems.extend(find_cycles(components))
        if self._problems or manifest is None:
            raise Several(self._problems)
        places = {part.component.key: part.at for part in placed}
        return Package(manifest, in_order(components), places, tuple(records))

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

    def _record_set(self, path: str) -> RecordSet | None:
        """Give the records of one file; None if it holds none, which is a problem."""
        value = self._value(path)
        if value is None:
            return None
        found = [one.below(f"{path}#") for one in problems_of_records(value)]
        self._problems.extend(found)
        return None if found else read_records(path, value)

    def _value(self, path: str) -> dict[str, Json] | None:
        """Give the object that a file holds; None if it holds none, which is a problem."""
        self._go_on()
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
            self._go_on()
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

    def _go_on(self) -> None:
        if self._is_stopped():
            raise ReadingStopped

    def _problem(self, at: str, message: str, hint: str | None = None) -> None:
        self._problems.append(Problem(BadPackage.code, message, at, hint))


def _step_problems(manifest: Manifest, components: Iterable[Component]) -> Iterator[Problem]:
    """Yield steps that would give more than the package brings itself."""
    sets = {fold(one.name): one.body for one in components if one.kind == PERMISSION_SET.name}
    for number, step in enumerate(manifest.steps):
        at = f"{MANIFEST}#/steps/{number}/assign_permission_set"
        body = sets.get(fold(step.assign_permission_set))
        if body is None:
            message = f"This package brings no permission set {step.assign_permission_set}."
            yield Problem(BadPackage.code, message, at)
        elif body.get("is_profile") or body.get("includes"):
            message = f"{step.assign_permission_set} is a profile or includes other sets."
            yield Problem(BadPackage.code, message, at, "Let it say by itself what it allows.")


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
