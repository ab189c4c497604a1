"""Where an embedded server puts its Unix socket: such paths may not be long."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

# A socket's whole path must stay below 104 bytes (sun_path of macOS, the shortest).
_LONGEST_BYTES = 85


class SocketDirectory:
    """state/run, or a private directory of the system's temporary ones if that is too long.

    The latter is noted in state, so that the next start removes what a killed one left.
    """

    def __init__(self, state: Path) -> None:
        self._short = state / "run"
        self._note = state / "socket-directory"
        self.path = self._short

    def make(self) -> Path:
        """Make the directory anew, for its owner alone, and give its path.

        A socket that a killed server left would name a process that may since be another one.
        """
        self.remove()
        if len(str(self._short).encode()) <= _LONGEST_BYTES:
            self._short.mkdir(mode=0o700)
        else:
            self.path = Path(tempfile.mkdtemp(prefix="fieldstone-"))
            self._note.write_text(str(self.path))
        return self.path

    def remove(self) -> None:
        """Remove the directory, wherever it was put."""
        if self._note.exists():
            shutil.rmtree(self._note.read_text(), ignore_errors=True)
            self._note.unlink()
        shutil.rmtree(self._short, ignore_errors=True)
