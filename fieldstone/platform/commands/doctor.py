"""`crm doctor`: whether this machine has what Fieldstone needs, and what to do if not."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import click

from fieldstone.errors import FieldstoneError
from fieldstone.platform import checkout
from fieldstone.platform.embedded.account import find_account
from fieldstone.platform.embedded.postgres_programs import find_home
from fieldstone.platform.embedded.valkey import find_valkey
from fieldstone.platform.settings import Settings, load_settings

_LEAST_FREE_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. problem: what is wrong, or None if all is well."""

    subject: str
    state: str
    problem: str | None = None


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data directory to look at.")
def command(data: Path | None) -> None:
    """Check Python, servers, data directory and settings."""
    settings = load_settings(os.environ, {"data": data})
    findings = list(examine(settings))
    for finding in findings:
        mark = click.style("bad", fg="red") if finding.problem else click.style("ok ", fg="green")
        click.echo(f"{mark}  {finding.subject:<14} {finding.problem or finding.state}")
    if any(finding.problem for finding in findings):
        raise click.exceptions.Exit(1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything that a start needs."""
    yield Finding("Fieldstone", version("fieldstone"))
    yield Finding("Python", f"{platform.python_version()} at {sys.executable}")
    yield _look_for("PostgreSQL", settings.database_url, lambda: find_home(os.environ))
    yield _look_for("Valkey", settings.redis_url, lambda: find_valkey(os.environ))
    yield _look_for("account", settings.database_url, _name_account)
    yield _examine_pages()
    yield from _examine_data(settings.data)


def _look_for(subject: str, given: str | None, find: Callable[[], object]) -> Finding:
    """Tell what an embedded server needs, unless an address of another one is given."""
    if given:
        return Finding(subject, "your own, by its address")
    try:
        return Finding(subject, f"embedded, {find()}")
    except FieldstoneError as error:
        return Finding(subject, "", f"{error} {error.problem.hint or ''}".strip())


def _name_account() -> str:
    account = find_account(os.environ)
    return f"PostgreSQL runs as {account.name if account else 'you'}"


def _examine_pages() -> Finding:
    if checkout.MANIFEST.exists():
        return Finding("pages", "built")
    return Finding("pages", "", "Not built: install again with npm, or without FIELDSTONE_SKIP_UI.")


def _examine_data(data: Path) -> Iterator[Finding]:
    """Look at the data directory, or at the nearest one above it that is there."""
    place = next(step for step in (data, *data.parents) if step.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        yield Finding("data", "", f"{place} cannot be written to; choose another with --data.")
        return
    yield Finding("data", f"{data}{'' if data.exists() else ', made on the first start'}")
    free = shutil.disk_usage(place).free
    told = f"{free / 1e9:.1f} GB free"
    yield Finding("disk", told, None if free >= _LEAST_FREE_BYTES else f"Only {told}.")
