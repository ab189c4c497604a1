"""`crm doctor`: whether this machine has what Fieldstone needs, and what to do if not."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import click

from fieldstone.clock import SystemClock
from fieldstone.errors import FieldstoneError
from fieldstone.platform import checkout
from fieldstone.platform.database.login import LOGIN_FAILS, examined, foresee_login
from fieldstone.platform.database.schema_version import load_schema
from fieldstone.platform.database.zones import load_differing_zones, told_of_zones
from fieldstone.platform.embedded.account import find_account
from fieldstone.platform.embedded.postgres_programs import find_home
from fieldstone.platform.embedded.valkey import find_valkey
from fieldstone.platform.settings import Settings, find_secret_key, load_settings

_LEAST_FREE_BYTES = 1_000_000_000
_ZONE_ADVICE = "Bring PostgreSQL or the system that it runs on up to date (docs/running.md)."
_ADVICE = "Give them a login of their own in FIELDSTONE_APP_DATABASE_URL (docs/running.md)."


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. problem: what keeps a start from working, if anything does.

    warning: what works, but should be otherwise.
    """

    subject: str
    state: str
    problem: str | None = None
    warning: str | None = None

    @property
    def told(self) -> str:
        """What is said of it: the worst there is to say."""
        return self.problem or self.warning or self.state


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data directory to look at.")
def command(data: Path | None) -> None:
    """Check Python, servers, data directory and settings."""
    settings = load_settings(os.environ, {"data": data})
    findings = list(examine(settings))
    for finding in findings:
        click.echo(f"{_mark(finding)}  {finding.subject:<14} {finding.told}")
    if any(finding.problem for finding in findings):
        raise click.exceptions.Exit(1)


def _mark(finding: Finding) -> str:
    if finding.problem:
        return click.style("bad ", fg="red")
    return click.style("warn", fg="yellow") if finding.warning else click.style("ok  ", fg="green")


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything that a start needs."""
    yield Finding("Fieldstone", version("fieldstone"))
    yield Finding("Python", f"{platform.python_version()} at {sys.executable}")
    yield _look_for("PostgreSQL", settings.database_url, lambda: find_home(os.environ))
    yield _look_for("Valkey", settings.redis_url, lambda: find_valkey(os.environ))
    yield _look_for("account", settings.database_url, _name_account)
    if settings.database_url is not None:
        yield asyncio.run(_examine_login(settings, settings.database_url))
        yield asyncio.run(_examine_zones(settings.database_url))
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


async def _examine_login(settings: Settings, owner_url: str) -> Finding:
    """Look at a database that is named, and at how requests will log in to it."""
    try:
        schema = await load_schema(owner_url)
        if settings.app_database_url is not None:
            login = await examined(settings.app_database_url)
        else:
            key = find_secret_key(settings) or ""
            login = await foresee_login(owner_url, schema.database, key)
    except LOGIN_FAILS as error:
        return Finding("login", "", f"Nobody can log in to the database: {error}.")
    name = urlsplit(login.url).username or "whom the address names"
    warning = login.shortcoming and f"{login.shortcoming} {_ADVICE}"
    return Finding("login", f"requests log in as {name}", warning=warning)


async def _examine_zones(owner_url: str) -> Finding:
    """Look whether the database sets the clocks of the tenants' zones as Fieldstone does."""
    try:
        zones = await load_differing_zones(owner_url, SystemClock().now())
    except (asyncpg.UndefinedTableError, *LOGIN_FAILS):
        return Finding("time zones", "compared once the database is there")
    warning = f"{told_of_zones(zones)} {_ZONE_ADVICE}" if zones else None
    return Finding("time zones", "as PostgreSQL has them", warning=warning)


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
