"""Environments of their own for programs that ours is compared with: their versions clash with ours."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent


def peer_python(name: str, cache: Path, note: Callable[[str], None], *, over_ours: bool = False) -> Path:
    """Python of the environment that holds what ``peers-<name>.txt`` names; made when it isn't there yet.

    Parameters
    ----------
    name : str
        Of the peer.
    cache : Path
        Folder below which environments are kept.
    note : callable
        Takes a line of progress.
    over_ours : bool
        Let the environment see our packages below its own, so that it needs to hold only what ours lacks.

    Returns
    -------
    Path
        The interpreter.

    Raises
    ------
    RuntimeError
        When pip fails, with what it said last.
    """
    pins = HERE / f"peers-{name}.txt"
    folder = cache / "peers" / name
    ours = sysconfig.get_path("purelib") if over_ours else ""
    marks = (pins.read_text("utf-8"), str(folder), sys.version, ours)
    wanted = hashlib.sha256("\n".join(marks).encode()).hexdigest()
    folder.parent.mkdir(parents=True, exist_ok=True)
    stamp, python = folder / "installed", folder / "bin" / "python"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once would write over each other
        if not (stamp.exists() and stamp.read_text() == wanted and python.exists()):
            shutil.rmtree(folder, ignore_errors=True)
            venv.create(folder, with_pip=True)
            _install(python, pins, note)
            if over_ours:
                Path(_purelib(python), "ours.pth").write_text(ours + "\n", "utf-8")
            stamp.write_text(wanted)
    return python


def _install(python: Path, pins: Path, note: Callable[[str], None]) -> None:
    total = sum("==" in line for line in pins.read_text("utf-8").splitlines())
    command: list[str | Path] = [python, "-m", "pip", "install", "--no-deps", "--no-input", "--progress-bar", "off"]
    with subprocess.Popen(
        [*command, "--disable-pip-version-check", "-r", pins],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as pip:  # fmt: skip
        assert pip.stdout is not None
        last, collected = "", 0
        for line in pip.stdout:
            last = line.strip() or last
            if line.startswith("Collecting "):
                collected += 1
                if collected % 10 == 1 or collected == total:
                    note(f"  pip install -r {pins.name}  {collected}/{total}")
    if pip.returncode:
        raise RuntimeError(f"pip install -r {pins.name}: {last}")


def _purelib(python: Path) -> str:
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True).stdout.strip()
