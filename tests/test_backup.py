"""Backup and restore: everything comes back, or nothing changes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

Speak = Callable[..., subprocess.CompletedProcess[str]]


def test_a_backup_brings_everything_back(wangge: Speak, tmp_path: Path) -> None:
    saved = tmp_path / "saved.dump"
    wangge("key", "add", "--role", "admin", "--name", "before")
    assert wangge("backup", str(saved)).returncode == 0
    assert saved.stat().st_mode & 0o077 == 0
    wangge("key", "add", "--role", "admin", "--name", "after")
    restored = wangge("restore", str(saved))
    assert restored.returncode == 0, restored.stderr
    listed = wangge("key", "list").stdout
    assert "before" in listed and "after" not in listed


def test_half_a_backup_changes_nothing(wangge: Speak, tmp_path: Path) -> None:
    saved, half, foreign = (tmp_path / name for name in ("saved.dump", "half.dump", "foreign.dump"))
    wangge("backup", str(saved))
    half.write_bytes(saved.read_bytes()[: saved.stat().st_size // 2])
    foreign.write_text("a letter")
    wangge("key", "add", "--role", "admin", "--name", "after")
    for path in (half, foreign):
        refused = wangge("restore", str(path))
        assert refused.returncode == 2 and path.name in refused.stderr
    assert "after" in wangge("key", "list").stdout


def test_a_backup_of_the_city_keeps_every_row(city_copy: Any, db: Any, tmp_path: Path) -> None:
    """The restore goes into a database that holds something else, with an owner's rights only."""
    from config.machine.backup import backup, restore
    from config.settings import Settings

    tables = ("divisions", "grids", "cameras", "cases", "case_counts", "issued_codes")

    def counts(dsn: str) -> list[int]:
        with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
            found = []
            for table in tables:
                cursor.execute(sql.SQL("select count(*) from wangge.{}").format(sql.Identifier(table)))
                found.append((cursor.fetchone() or (0,))[0])
        return found

    def settings(database: Any) -> Settings:
        return Settings(database_url=database.owner_dsn, api_database_url=database.api_dsn)

    db.close()
    backup(settings(city_copy), tmp_path / "city.dump")
    restore(settings(db), tmp_path / "city.dump")
    assert counts(db.owner_dsn) == counts(city_copy.owner_dsn)
    assert min(counts(db.owner_dsn)) > 0
    # The service still sees what the public may see, and only that.
    with db.api.transaction() as cursor:
        cursor.execute("select (select count(*) from wangge.grids) > 0, (select count(*) from wangge.cases)")
        assert cursor.fetchone() == (True, 0)
