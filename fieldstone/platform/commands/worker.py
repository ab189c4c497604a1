"""`crm worker`: one more worker process, for jobs, beside those of a server."""

from __future__ import annotations

import os

import click
import uvloop

from fieldstone.platform.settings import load_settings
from fieldstone.platform.worker import work


@click.command()
def command() -> None:
    """Run jobs until stopped; FIELDSTONE_DATABASE_URL and FIELDSTONE_REDIS_URL say of whom."""
    settings = load_settings(os.environ, {})
    if settings.database_url is None or settings.redis_url is None:
        raise click.UsageError(
            "Set FIELDSTONE_DATABASE_URL and FIELDSTONE_REDIS_URL."
            " A server that `crm serve` started has a worker already."
        )
    click.echo("Working. Stop with Ctrl-C.")
    uvloop.run(work(settings))
