"""`crm docs`: the reference pages, written from the code, and the whole documentation as a site."""

from __future__ import annotations

import subprocess
import sys

import click

from fieldstone.platform import checkout


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if a reference page is stale.")
@click.option("--build/--no-build", default=True, help="Whether to build the site as well.")
def command(check: bool, build: bool) -> None:
    """Write the reference pages from the code and build the docs, warnings being errors."""
    if not checkout.DEVELOPER_LOCK.exists():
        raise click.ClickException("The docs lie in the checkout; call ./crm docs there.")
    try:
        checkout.install_developer_tools()
    except checkout.InstallFailed as error:
        raise click.ClickException(str(error)) from error
    steps = [["docs.generate", *(["--check"] if check else [])]]
    if build:
        steps.append(["sphinx", "-q", "-W", "--keep-going", "docs", "site"])
    for step in steps:
        done = subprocess.run([sys.executable, "-m", *step], check=False, cwd=checkout.ROOT)
        if done.returncode != 0:
            raise click.exceptions.Exit(done.returncode)
