"""A service over a sample city of its own, gone when whoever asked for it is done."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.machine.database import cluster_of, reachable
from config.machine.ports import LOOPBACK, free_port
from config.machine.prepared import prepare
from config.machine.service import down, serve_detached
from config.settings import Settings, load
from config.terminal import Terminal


@contextmanager
def throw_away(terminal: Terminal, *, empty: bool = False) -> Iterator[Settings]:
    """A running service with the sample city, beside whatever else runs on this machine.

    Parameters
    ----------
    terminal : Terminal
        Shows how far the sample has come.
    empty : bool
        Without the sample.

    Yields
    ------
    Settings
        Of the service.

    Raises
    ------
    InvalidInput
        When the machine can't run a cluster, with what to do.
    Conflict
        When the service doesn't start.
    """
    folder = Path(tempfile.mkdtemp(prefix="wangge-"))
    # the account that runs PostgreSQL passes through it
    folder.chmod(0o711)
    settings = load(data_dir=folder, host=LOOPBACK, port=free_port(), workers=1).model_copy(
        update={"database_url": None, "api_database_url": None, "public_url": None, "rules": None}
    )
    try:
        with reachable(settings) as complete:
            prepare(complete, terminal, empty=empty)
            serve_detached(settings)
        try:
            yield settings
        finally:
            down(settings)
    finally:
        shutil.rmtree(cluster_of(settings).folder, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
