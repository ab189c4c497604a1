"""`crm package build`: write components as a package."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import click

from fieldstone.metadata.packages import MANIFEST
from fieldstone.platform.client import Client, Where, checked, connected, reaches_platform
from fieldstone.runtime.package_builds import next_version
from fieldstone.runtime.package_zips import read_zip

_FIRST: Final = "1.0.0"


@click.command()
@click.argument("name")
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--label", help="How it is called.  [default: the name]")
@click.option("--version", help="As in semver.  [default: the one after the last, or 1.0.0]")
@click.option("--component", "components", multiple=True, help="Such as field:Deal.size__c.")
@click.option("--object", "objects", multiple=True, help="An object with all that belongs to it.")
@click.option("--package", help="Build the package of this name anew, as it is here.")
@click.option("--records", multiple=True, help="An object whose records come along.")
@click.option("--sign", is_flag=True, help="Sign it with the key of the tenant.")
@reaches_platform
def command(
    name: str,
    output: Path,
    *,
    label: str | None,
    version: str | None,
    components: tuple[str, ...],
    objects: tuple[str, ...],
    package: str | None,
    records: tuple[str, ...],
    sign: bool,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Write components, with all that they need, as the package NAME.

    OUTPUT is a folder, or a file that ends in .zip. Without --component, --object and --package
    it is what was chosen for it under Set up, and otherwise all that is the tenant's own.
    """
    keys = [*(_key(one) for one in components), *({"kind": "object", "name": o} for o in objects)]
    said: dict[str, Any] = {"package": package} if package else {}
    if keys:
        said["components"] = keys
    with connected(Where(url, data, tenant)) as client:
        known = {} if said else _known(client, name)
        said.update(_wanted(known))
        if records:
            said["records"] = [{"object": one} for one in records]
        said["sign"] = sign or bool(known.get("sign"))
        following = next_version(known["version"]) if known else _FIRST
        told = {key: known[key] for key in ("namespace", "description") if key in known}
        said["manifest"] = {
            **told,
            "name": name,
            "label": label or known.get("label") or name,
            "version": version or following,
        }
        answer = client.http.post("/api/package-builds", json=said)
        if not answer.is_success:
            checked(answer)
    files = read_zip(answer.content)
    if output.suffix == ".zip":
        output.write_bytes(answer.content)
    else:
        _write_folder(output, files)
    click.echo(f"{output} holds {len(files) - 1:,} files and {MANIFEST}.")


def _known(client: Client, name: str) -> dict[str, Any]:
    """Give what was chosen for a package on the page; nothing where it was never built there."""
    answer = client.http.get(f"/api/metadata/components/package_build/{name}")
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return {}
    known: Any = checked(answer)
    return dict(known)


def _wanted(known: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is asked for to build a package as it was chosen."""
    said: dict[str, Any] = {"records": [{"object": one} for one in known.get("records", ())]}
    if known.get("package"):
        said["package"] = known["package"]
    elif known and not known.get("everything"):
        chosen = known.get("components", {}).items()
        said["components"] = [{"kind": kind, "name": n} for kind, names in chosen for n in names]
    return said


def _key(text: str) -> dict[str, str]:
    kind, colon, name = text.partition(":")
    if not colon:
        raise click.UsageError(f"{text!r} must be a kind and a name, such as object:Deal.")
    return {"kind": kind, "name": name}


def _write_folder(folder: Path, files: dict[str, str]) -> None:
    """Write files into a folder that holds nothing else of a package."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).exists():
        raise click.UsageError(f"{folder} holds something that is no package.")
    for old in sorted(folder.glob("*/*.yaml")):
        old.unlink()
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
