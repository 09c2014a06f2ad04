"""The whole database in one file, and back: whole or not at all."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import NamedTemporaryFile

from config.machine.postgres import usable
from config.settings import Settings
from geo.errors import InvalidInput

# Made by a superuser in every database (layers/database/server_extensions.sql), so neither dropped nor restored.
NOT_OURS = (" EXTENSION ", " COMMENT - EXTENSION ", " SCHEMA - public ", " public spatial_ref_sys ")


def backup(settings: Settings, path: Path) -> None:
    """Write everything that wangge keeps to a file in PostgreSQL's custom format.

    Parameters
    ----------
    settings : Settings
        With the addresses of a database that answers.
    path : Path
        File to write; it is put in place when it is complete, readable by its owner alone.

    Raises
    ------
    InvalidInput
        When the file can't be written or the dump fails.
    """
    unfinished = path.with_name(path.name + ".part")
    try:
        unfinished.touch(mode=0o600)
    except OSError as error:
        raise InvalidInput("cli.cannot-write", path=path, reason=error.strerror) from None
    # The dump comes through this process: with a private cluster the file may lie where only the caller can write.
    with unfinished.open("wb") as file:
        done = subprocess.run(
            # unlogged tables hold what can be made again
            [usable().program("pg_dump"), "--format=custom", "--no-owner", "--no-unlogged-table-data", "--dbname",
             settings.owner_dsn],
            stdout=file, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        unfinished.unlink()
        raise InvalidInput("cli.backup-failed", reason=_last_line(done.stderr))
    unfinished.replace(path)


def restore(settings: Settings, path: Path) -> None:
    """Put the content of a backup in the place of everything that wangge keeps, in one transaction.

    A file that is cut short or from elsewhere leaves the database as it was.

    Raises
    ------
    InvalidInput
        When the file is no backup of wangge, or can't be restored.
    """
    postgres = usable()
    listed = subprocess.run(
        [postgres.program("pg_restore"), "--list", path], capture_output=True, text=True, check=False
    )
    if listed.returncode or " wangge_migrations " not in listed.stdout:
        raise InvalidInput("cli.no-backup", path=path, reason=_last_line(listed.stderr))
    wanted = [line for line in listed.stdout.splitlines() if not any(mark in line for mark in NOT_OURS)]
    with NamedTemporaryFile("w", suffix=".list") as contents, NamedTemporaryFile("w", suffix=".sql") as script:
        contents.write("\n".join(wanted) + "\n")
        contents.flush()
        # Written out before the first statement runs, so an unreadable file is found while nothing has been touched.
        turned = subprocess.run(
            [postgres.program("pg_restore"), "--no-owner", "--exit-on-error", "--use-list", contents.name,
             "--file", script.name, path],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if turned.returncode:
            raise InvalidInput("cli.no-backup", path=path, reason=_last_line(turned.stderr))
        done = subprocess.run(
            [postgres.program("psql"), "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
             "--output=/dev/null", "--dbname", settings.owner_dsn,
             "--command=drop schema if exists wangge cascade",
             "--command=drop table if exists public.wangge_migrations, public.layer_styles",
             "--file", script.name],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise InvalidInput("cli.restore-failed", path=path, reason=_last_line(done.stderr))


def _last_line(text: str) -> str:
    said = [line for line in text.strip().splitlines() if "error" in line.lower()] or text.strip().splitlines()
    return said[0] if said else ""
