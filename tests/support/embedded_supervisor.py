"""A supervisor as a process of its own: starts one embedded server and runs until its input ends.

It writes one line of JSON: {"pid", "address"} once the server answers, or {"code"} if it cannot.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fieldstone.errors import FieldstoneError
from fieldstone.platform.embedded.postgres import EmbeddedPostgres
from fieldstone.platform.embedded.valkey import EmbeddedValkey


def main(kind: str, state: Path, *, durable: bool) -> int:
    """Run the server of a state directory. kind: postgres or valkey."""
    try:
        if kind == "postgres":
            with EmbeddedPostgres(state, durable=durable) as postgres:
                wait(postgres.pid, postgres.dsn())
        else:
            with EmbeddedValkey(state, durable=durable) as valkey:
                wait(valkey.pid, valkey.url)
    except FieldstoneError as error:
        say({"code": error.code, "message": str(error)})
        return 1
    return 0


def wait(pid: int | None, address: str) -> None:
    """Tell where the server is, and return when our input ends."""
    say({"pid": pid, "address": address})
    sys.stdin.read()


def say(told: object) -> None:
    """Write one line of JSON."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), durable="throwaway" not in sys.argv))
