"""`crm test`: the tests of a checkout, on all cores."""

from __future__ import annotations

import os
import sys

import click

from fieldstone.platform import checkout

# Whoever says one of these decides about workers alone.
_OWN_WORKERS = ("-n", "--numprocesses", "--pdb", "--dist")


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Run the tests of a checkout, in parallel. All arguments go to pytest.

    The first call installs what tests need. FIELDSTONE_PG_HOME names another PostgreSQL to test on.
    """
    if not checkout.DEVELOPER_LOCK.exists():
        raise click.ClickException("The tests lie in the checkout; call ./crm test there.")
    try:
        checkout.install_developer_tools()
    except checkout.InstallFailed as error:
        raise click.ClickException(str(error)) from error
    chosen = any(argument.startswith(_OWN_WORKERS) for argument in arguments)
    workers = [] if chosen else [f"--numprocesses={os.cpu_count() or 1}", "--dist=worksteal"]
    os.chdir(checkout.ROOT)
    program = sys.executable
    os.execv(program, [program, "-P", "-m", "pytest", *workers, *arguments])  # noqa: S606
