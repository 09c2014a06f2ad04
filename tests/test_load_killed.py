"""A load that is killed at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from town import build_town, cameras, count, spread

from layers.loading.load import load_file

if TYPE_CHECKING:
    from layers.database.database import Database

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture
def town(db: Database, tmp_path: Path) -> Database:
    """The city of `town.build_town`."""
    return build_town(db, tmp_path)


_LOADER = """
import sys
from pathlib import Path
from layers.database.database import Database
from layers.loading.load import load_file
def tell(stage, done, total):
    print(stage, done, flush=True)
load_file(Database(sys.argv[1]), "cameras", Path(sys.argv[2]), replace=True, progress=tell)
print("end", flush=True)
"""


@pytest.mark.parametrize("moment", ["read 0", "read 20000", "check 0", "check 30000", "write 0", "write 30000", "end"])
def test_a_load_that_is_killed_leaves_the_layer_as_before_or_as_after(
    town: Database, tmp_path: Path, moment: str
) -> None:
    few = cameras(tmp_path / "few.csv", spread(3))
    load_file(town, "cameras", few)
    many = cameras(tmp_path / "many.csv", spread(30_000))
    with subprocess.Popen(
        [sys.executable, "-c", _LOADER, town.owner_dsn, str(many)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == moment:
                os.kill(process.pid, signal.SIGKILL)
                break
        else:
            pytest.fail(f"the load never came to {moment!r}")
    # the next load waits for what the server still does for the dead one
    assert load_file(town, "cameras", few, dry_run=True, replace=True).loaded == 3
    left = count(town, "cameras")
    assert left == 30_000 if moment == "end" else left in (3, 30_000)
    if moment not in ("write 30000", "end"):
        assert left == 3
    assert load_file(town, "cameras", many, replace=True).loaded == 30_000
