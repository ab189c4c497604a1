"""`crm worker`: one more worker process, for jobs, beside those of a server."""

from __future__ import annotations

import os
from dataclasses import replace

import click
import uvloop

from fieldstone.platform.database.login import Login, examined, find_login
from fieldstone.platform.database.schema_version import load_schema
from fieldstone.platform.settings import Settings, load_secret_key, load_settings
from fieldstone.platform.worker import work


@click.command()
def command() -> None:
    """Run jobs until stopped; FIELDSTONE_APP_DATABASE_URL and FIELDSTONE_REDIS_URL say of whom."""
    settings = load_settings(os.environ, {})
    if settings.login_url is None or settings.redis_url is None:
        raise click.UsageError(
            "Set FIELDSTONE_APP_DATABASE_URL and FIELDSTONE_REDIS_URL."
            " A server that `crm serve` started has a worker already."
        )
    login = uvloop.run(_find_login(settings))
    if login.shortcoming:
        click.echo(f"Warning: {login.shortcoming} See crm doctor.", err=True)
    click.echo("Working. Stop with Ctrl-C.")
    uvloop.run(work(replace(settings, app_database_url=login.url)))


async def _find_login(settings: Settings) -> Login:
    """Give the login that is told, else the one that `crm serve` made with the same secret key."""
    if settings.app_database_url is not None:
        return await examined(settings.app_database_url)
    assert settings.database_url is not None
    schema = await load_schema(settings.database_url)
    return await find_login(settings.database_url, schema.database, load_secret_key(settings))
