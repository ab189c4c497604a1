"""What `crm serve` runs on its servers: web and worker processes, as one.

Stopping it stops everything in turn. Whatever of it is killed, the next start works: the servers
recover, and processes whose supervisor is gone end by themselves.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

import httpx

from fieldstone.errors import Unavailable
from fieldstone.platform import lifeline
from fieldstone.platform.servers import StartFailed
from fieldstone.platform.settings import Settings

WEB: Final = "fieldstone.platform.web"
WORKER: Final = "fieldstone.platform.worker"
_START_TIMEOUT_S: Final = 60.0
_STOP_TIMEOUT_S: Final = 30.0
_LOOK_EVERY_S: Final = 0.02
_LOOK_AT_PROCESSES_S: Final = 0.2
_RESTART_AFTER_S: Final = 1.0
_OWNER: Final = "FIELDSTONE_DATABASE_URL"
_OWNERS_PASSWORD: Final = ("PGUSER", "PGPASSWORD", "PGPASSFILE", "PGSERVICE", "PGSERVICEFILE")


class PortTaken(Unavailable):
    """Another program listens where this one should."""

    code = "service.port_taken"


@dataclass(slots=True)
class Supervisor:
    """Runs web and worker processes on running servers, and starts again what falls over."""

    settings: Settings
    say: Callable[[str], None]
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _modules: dict[str, list[str]] = field(default_factory=dict)
    _environment: dict[str, str] = field(default_factory=dict)
    _stopping: bool = False

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises PortTaken, StartFailed."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        with self.started() as url:
            self.say(f"Fieldstone is at {url}/")
            while not self._stopping:
                time.sleep(_LOOK_AT_PROCESSES_S)
                self._start_fallen()

    @contextmanager
    def started(self) -> Iterator[str]:
        """Run the processes for the length of a block, and give the address they serve at."""
        listening = _listen(self.settings.host, self.settings.port)
        port = listening.getsockname()[1]
        ours, theirs = os.pipe()
        self._environment = self._variables(ours, port)
        try:
            for number in range(self.settings.workers):
                self._spawn(f"web {number + 1}", [WEB, str(listening.fileno())])
            self._spawn("worker", [WORKER])
            url = replace(self.settings, port=port).url
            self._wait_until_answered(url)
            yield url
        finally:
            self._end_all()
            os.close(theirs)
            os.close(ours)
            listening.close()

    def _variables(self, lifeline_end: int, port: int) -> dict[str, str]:
        settings = self.settings
        return {
            **_without_owner(os.environ, str(settings.login_url)),
            "FIELDSTONE_APP_DATABASE_URL": str(settings.login_url),
            "FIELDSTONE_REDIS_URL": str(settings.redis_url),
            "FIELDSTONE_SECRET_KEY": str(settings.secret_key),
            "FIELDSTONE_DATA": str(settings.data),
            "FIELDSTONE_HOST": settings.host,
            "FIELDSTONE_PORT": str(port),
            "FIELDSTONE_DEMO": "yes" if settings.demo else "no",
            lifeline.VARIABLE: str(lifeline_end),
        }

    def _spawn(self, name: str, module: list[str]) -> None:
        descriptors = [self._environment[lifeline.VARIABLE], *module[1:]]
        self._modules[name] = module
        self._processes[name] = subprocess.Popen(
            [sys.executable, "-P", "-m", *module],
            env=self._environment,
            pass_fds=[int(descriptor) for descriptor in descriptors],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _wait_until_answered(self, url: str) -> None:
        end = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < end and not self._stopping:
            fallen = [name for name, one in self._processes.items() if one.poll() is not None]
            if any(name.startswith("web") for name in fallen):
                raise StartFailed(f"Process {fallen[0]} ended while it started.")
            try:
                httpx.get(f"{url}/healthz", timeout=1.0, trust_env=False)
                return
            except httpx.HTTPError:
                time.sleep(_LOOK_EVERY_S)
        if not self._stopping:
            raise StartFailed(f"Nothing answered within {_START_TIMEOUT_S:.0f} seconds.")

    def _start_fallen(self) -> None:
        for name, process in list(self._processes.items()):
            if process.poll() is not None and not self._stopping:
                self.say(f"Process {name} ended with {process.returncode}; starting it again.")
                time.sleep(_RESTART_AFTER_S)
                self._spawn(name, self._modules[name])

    def _stop(self, number: int, frame: object) -> None:
        self._stopping = True

    def _end_all(self) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.terminate()
        end = time.monotonic() + _STOP_TIMEOUT_S
        for process in self._processes.values():
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _without_owner(variables: Mapping[str, str], login_url: str) -> dict[str, str]:
    """Leave out how to log in as the owner; an address without a password may need the rest."""
    others = _OWNERS_PASSWORD if urlsplit(login_url).password else ()
    return {name: text for name, text in variables.items() if name not in {_OWNER, *others}}


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise PortTaken(
            f"Port {port} of {host} cannot be used: {error.strerror}.",
            hint="Choose another with --port, or stop the program that has it.",
        ) from error
    listening.listen(1024)
    return listening
