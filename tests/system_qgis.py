"""Runs a program in the system's Python, to whose packages QGIS belongs, without a window and in a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

SYSTEM_PYTHON = Path("/usr/bin/python3")


def ask_qgis(program: str, folder: Path, *arguments: object) -> Any:
    """What a program beside this file prints as JSON after the word ANSWER.

    Skipped on a laptop without QGIS; in CI that fails.
    """
    home = {
        "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "QT_QPA_PLATFORM": "offscreen", "LANG": "C.UTF-8",
        "QGIS_CUSTOM_CONFIG_PATH": str(folder / "profile"), "PATH": os.environ["PATH"],
    }  # fmt: skip
    found = subprocess.run([SYSTEM_PYTHON, "-c", "import qgis.core"], env=home, capture_output=True, check=False)
    if found.returncode:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("QGIS is missing")
    done = subprocess.run(
        [SYSTEM_PYTHON, Path(__file__).with_name(program), *map(str, arguments)],
        env=home, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    line = next((line for line in done.stdout.splitlines() if line.startswith("ANSWER")), None)
    assert line, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(line.removeprefix("ANSWER"))
