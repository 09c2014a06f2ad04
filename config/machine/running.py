"""Which service runs: a file in the data folder that names its processes.

A process number alone is no proof, since the kernel gives it to another process later; so the moment of its start
goes with it.
"""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from config.settings import Settings


@dataclass(frozen=True)
class Running:
    """A service that was started.

    Attributes
    ----------
    pid, started : int
        The process that watches over it, and the clock tick of its start.
    server_pid, server_started : int
        The web server below it, which leads a process group of its own.
    base_url, local_url : str
        Its address as clients see it, and as this machine does.
    """

    pid: int
    started: int
    server_pid: int
    server_started: int
    base_url: str
    local_url: str

    @property
    def alive(self) -> bool:
        """Whether the watching process is still the one that wrote this."""
        return start_tick(self.pid) == self.started

    def write(self, settings: Settings) -> None:
        """Put the file in place, whole."""
        path = _path(settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(self)), "utf-8")
        unfinished.replace(path)

    def stop(self, wait_s: float = 40.0) -> bool:
        """Ask the watching process to stop, and see to it that nothing is left of the server.

        Returns
        -------
        bool
            Whether everything is gone.
        """
        if self.alive:
            os.kill(self.pid, signal.SIGTERM)
            end = time.monotonic() + wait_s
            while self.alive and time.monotonic() < end:
                time.sleep(0.05)
        if not self.alive:
            self.stop_orphans()
        return not self.alive

    def stop_orphans(self) -> None:
        """End the server's processes that outlived the one watching over them, as after ``kill -9``."""
        for sent in (signal.SIGTERM, signal.SIGKILL):
            left = self.orphans()
            for pid in left:
                try:
                    os.kill(pid, sent)
                except ProcessLookupError:
                    continue
            end = time.monotonic() + 5
            while left and self.orphans() and time.monotonic() < end:
                time.sleep(0.05)

    def orphans(self) -> list[int]:
        """Processes of the server's group that were started no earlier than the server."""
        return [pid for pid, group, tick in _processes() if group == self.server_pid and tick >= self.server_started]


def read(settings: Settings) -> Running | None:
    """What the file says, dead or alive; None where there is none or it can't be read."""
    try:
        return Running(**json.loads(_path(settings).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def forget(settings: Settings) -> None:
    """Remove the file."""
    _path(settings).unlink(missing_ok=True)


def start_tick(pid: int) -> int | None:
    """Clock tick at which a living process was started; None for one that is gone or only waits to be collected."""
    try:
        state, _, tick = _stat(Path(f"/proc/{pid}"))
    except OSError:
        return None
    return None if state in "ZX" else tick


def _path(settings: Settings) -> Path:
    return settings.data_dir / "service.json"


def _processes() -> list[tuple[int, int, int]]:
    """Number, group and start of every living process."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, group, tick = _stat(folder)
            except OSError:
                continue  # it ended between the two looks
            if state not in "ZX":
                found.append((int(folder.name), group, tick))
    return found


def _stat(folder: Path) -> tuple[str, int, int]:
    # proc(5): the name in brackets may hold anything, so fields are counted from the last bracket (state is the third).
    fields = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    return fields[0], int(fields[2]), int(fields[19])
