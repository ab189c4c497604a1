"""The virtual environment of a checkout: made on first use, mended when its lock file changes.

The launchers run this file alone, with a Python that has nothing installed: it imports the standard
library and nothing else.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
DEVELOPER_LOCK = ROOT / "requirements-dev.lock"
NODE_LOCK = ROOT / "requirements-build.lock"
MANIFEST = ROOT / "fieldstone" / "ui_generator" / "static" / "vendor" / "MANIFEST.json"
# The launcher compares this file with what it finds in the checkout; keep both in step.
INSTALLED = ENVIRONMENT / "fieldstone-installed"
DEVELOPER_INSTALLED = ENVIRONMENT / "fieldstone-developer-installed"


class InstallFailed(Exception):
    """What keeps the environment from being made, in the words for the person who waits."""


def install(wanted: bytes) -> None:
    """Bring the environment in step with the checkout; processes that start at once take turns.

    wanted: what the launcher found, kept for its next comparison. Raises InstallFailed.
    """
    with _turn():
        if _is_installed(wanted):
            return
        _say("setting up its virtual environment, which takes about a minute ...")
        _make_environment()
        _pip("install", "--require-hashes", "-r", str(LOCK))
        with _node_packages() as packages:
            _pip("install", "--no-deps", "--no-build-isolation", "-e", str(ROOT), path=packages)
        # Byte code is made now, not at the first start, which people wait for.
        _run(_python(), "-m", "compileall", "-q", str(ROOT / "fieldstone"))
        INSTALLED.write_bytes(wanted)
        _say("ready.")


def install_developer_tools() -> None:
    """Add what tests and checks need, by the developers' lock file. Raises InstallFailed."""
    with _turn():
        wanted = DEVELOPER_LOCK.read_bytes()
        if DEVELOPER_INSTALLED.exists() and DEVELOPER_INSTALLED.read_bytes() == wanted:
            return
        _say("adding what its tests need ...")
        _pip("install", "--require-hashes", "-r", str(DEVELOPER_LOCK))
        DEVELOPER_INSTALLED.write_bytes(wanted)


@contextmanager
def _turn() -> Iterator[None]:
    ENVIRONMENT.mkdir(exist_ok=True)
    with (ENVIRONMENT / "fieldstone-install.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("another process is setting up the environment; waiting for it ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_environment() -> None:
    if _python().exists():
        asked = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
        if subprocess.run([_python(), "-c", asked], check=False).returncode != 0:
            raise InstallFailed(
                f"{ENVIRONMENT} has no working Python 3.11 with pip; remove it and try again."
            )
        return
    if subprocess.run([sys.executable, "-c", "import ensurepip"], check=False).returncode != 0:
        raise InstallFailed(
            "this Python cannot make virtual environments. "
            "On Debian or Ubuntu: apt-get install python3-venv"
        )
    _run(Path(sys.executable), "-m", "venv", str(ENVIRONMENT))


@contextmanager
def _node_packages() -> Iterator[str | None]:
    """Give where Node.js lies, when the pages must be built on a machine that has none."""
    has_node = shutil.which("node") and shutil.which("npm")
    if has_node or os.environ.get("FIELDSTONE_SKIP_UI") == "1":
        yield None
        return
    packages = ENVIRONMENT / "fieldstone-node"
    try:
        _pip("install", "--require-hashes", "-r", str(NODE_LOCK), "--target", str(packages))
        yield str(packages)
    finally:
        shutil.rmtree(packages, ignore_errors=True)


def _is_installed(wanted: bytes) -> bool:
    """Tell whether another process has just done what the launcher found wanting."""
    if not (INSTALLED.exists() and _python().exists()):
        return False
    has_pages = MANIFEST.exists() or os.environ.get("FIELDSTONE_SKIP_UI") == "1"
    return has_pages and INSTALLED.read_bytes() == wanted


def _pip(*arguments: str, path: str | None = None) -> None:
    quiet = ["-q", "--disable-pip-version-check", "--no-input"]
    _run(_python(), "-m", "pip", *arguments, *quiet, path=path)


def _run(program: Path, *arguments: str, path: str | None = None) -> None:
    """Run a program that writes to our error output alone. Raises InstallFailed."""
    dropped = {"PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PIP_TARGET", "PIP_USER"}
    environment = {name: text for name, text in os.environ.items() if name not in dropped}
    if path:
        environment["PYTHONPATH"] = path
    done = subprocess.run(
        [program, *arguments], check=False, cwd=ROOT, env=environment, stdout=sys.stderr
    )
    if done.returncode != 0:
        raise InstallFailed(f"{' '.join(arguments[:3])} failed; the reason stands above.")


def _python() -> Path:
    return ENVIRONMENT / "bin" / "python"


def _say(words: str) -> None:
    sys.stderr.write(f"fieldstone: {words}\n")
    sys.stderr.flush()


def main() -> int:
    """Install what the launcher found wanting; it hands over its findings as our input."""
    try:
        install(sys.stdin.buffer.read())
    except InstallFailed as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
