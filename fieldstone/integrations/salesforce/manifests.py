"""What a package of Salesforce says of itself, as a manifest of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from fieldstone.integrations.salesforce.items import Source
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.field import split_name, targets_of
from fieldstone.metadata.kinds.package import PackageBody
from fieldstone.metadata.kinds.registry import FIELD, OWNED, PACKAGE
from fieldstone.metadata.packages import Manifest
from fieldstone.metadata.values import Json, fold

BROUGHT: Final = "Brought from Salesforce."
_NAMESPACE: Final = re.compile("[a-z][a-z0-9]{0,14}")
_VERSION: Final = re.compile(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")
_FIRST: Final = "1.0.0"


def manifest_of(
    source: Source, name: str, components: Iterable[Component], catalog: Catalog
) -> Manifest:
    """Give the manifest of a package that is called name here.

    It depends on the packages whose objects it extends or points to.
    """
    project = source.project
    told = _main_folder(project)
    label = str(told.get("package") or project.get("name") or name).strip()
    namespace = fold(source.namespace)
    return Manifest(
        name=name,
        label=label[:120] or name,
        version=_version(str(told.get("versionNumber") or "")),
        namespace=namespace if _NAMESPACE.fullmatch(namespace) else "",
        description=f"{BROUGHT} {told.get('versionDescription') or ''}".strip()[:4000],
        dependencies=dict(_dependencies(name, components, catalog)),
    )


def _main_folder(project: Mapping[str, Json]) -> Mapping[str, Json]:
    """Give what a project says of its main folder, which has the package's name and version."""
    folders = project.get("packageDirectories")
    told = [one for one in folders if isinstance(one, dict)] if isinstance(folders, list) else []
    return next((one for one in told if one.get("default")), told[0] if told else {})


def _version(text: str) -> str:
    found = _VERSION.match(text)
    if found is None:
        return _FIRST
    return ".".join(str(int(part or 0)) for part in found.groups())


def _dependencies(
    name: str, components: Iterable[Component], catalog: Catalog
) -> Iterator[tuple[str, str]]:
    owners = {own for component in components for own in _objects_of(component)}
    objects = (catalog.find_object(owner) for owner in owners)
    packages = {obj.package for obj in objects if obj is not None}
    installed = {one.name: one.body for one in catalog.declared.get(PACKAGE.name, {}).values()}
    for package in sorted(one for one in packages if one is not None and one != name):
        body = installed.get(package)
        if isinstance(body, PackageBody):
            yield package, f">={body.version.partition('.')[0]}"


def _objects_of(component: Component) -> Iterator[str]:
    if component.kind in OWNED:
        yield split_name(component.name)[0]
    if component.kind == FIELD.name:
        yield from targets_of(component)
