"""The examples of README and the guides give the answers that stand below them.

Each page has a server with a database of its own, and its examples run from first to last. A page
that begins with `<!-- examples: demo -->` finds the sample data there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fieldstone.platform.settings import load_settings
from fieldstone.platform.supervisor import Supervisor
from tests.support.documented import Answers, find_examples
from tests.support.source import ROOT, list_files

DEMO = "<!-- examples: demo -->"
ADDRESSES = ("http://127.0.0.1:8000", "http://localhost:8000")
PROGRAM = f"{sys.executable} -m fieldstone.platform.commands.main"
PAGES = [
    name
    for name in list_files()
    if name == "README.md" or (name.startswith("docs/") and name.endswith(".md"))
]
WITH_EXAMPLES = [name for name in PAGES if "```console\n$ " in (ROOT / name).read_text("utf-8")]


@contextmanager
def served(dsn: str, valkey_url: str, data: Path, *, demo: bool) -> Iterator[str]:
    """Serve from a database for a block, as `./crm serve` does; give the address."""
    chosen = {
        "data": data,
        "port": 0,
        "database_url": dsn,
        "redis_url": valkey_url,
        "secret_key": "tests",
        "demo": demo,
    }
    with Supervisor(load_settings({}, chosen), print).started() as url:
        yield url


def answer_to(command: str, url: str) -> str:
    """Run a command as a reader would, in the checkout and against the server of the page."""
    for address in ADDRESSES:
        command = command.replace(address, url)
    quiet = 'curl() { command curl --silent --show-error "$@"; }\n'
    done = subprocess.run(
        ["bash", "-c", quiet + command.replace("./crm ", f"{PROGRAM} ")],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**os.environ, "FIELDSTONE_URL": url, "FIELDSTONE_SECRET_KEY": "tests"},
        timeout=60,
    )
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_EXAMPLES)
def test_examples_give_what_the_page_says(
    page: str, fresh_database_dsn: str, valkey_url: str, tmp_path: Path
) -> None:
    text = (ROOT / page).read_text("utf-8")
    answers = Answers()

    with served(fresh_database_dsn, valkey_url, tmp_path, demo=text.startswith(DEMO)) as url:
        for example in find_examples(text):
            given = answer_to(answers.filled(example.command), url)

            told = answers.differences(example, given)
            assert told == [], f"{page}:{example.line}: $ {example.command}\n" + "\n".join(told)


def test_readme_has_examples() -> None:
    assert "README.md" in WITH_EXAMPLES
