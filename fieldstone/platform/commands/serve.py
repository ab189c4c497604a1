"""`crm serve`: everything that is needed, started with one command and stopped with Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from pathlib import Path

import click

from fieldstone.platform.servers import servers
from fieldstone.platform.settings import load_settings
from fieldstone.platform.supervisor import Supervisor


@click.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.  [default: 8000]")
@click.option("--data", type=click.Path(path_type=Path), help="Directory for all data.")
@click.option("--workers", type=int, help="Number of web processes.  [default: 1]")
@click.option("--demo", is_flag=True, default=None, help="Add sample data to a new database.")
def command(**chosen: object) -> None:
    """Start the platform: servers, API and pages."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    settings = load_settings(os.environ, chosen)
    with servers(settings, partial(click.echo, err=True)) as ready:
        Supervisor(ready, click.echo).run()
    click.echo("Stopped.")


def _leave(number: int, frame: object) -> None:
    """Stop in good order what is started so far; the supervisor takes over once it runs."""
    sys.exit(0)
