"""The service from its first start to its end, and what is kept of it on disk."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from config.cli import main
from config.machine.ports import free_port
from config.machine.prepared import prepare, sample_key
from config.machine.running import Running, start_tick
from config.settings import Settings
from config.terminal import Terminal
from layers.database.bare import is_bare

Speak = Callable[..., subprocess.CompletedProcess[str]]


def test_a_process_number_that_was_given_away_is_not_the_service() -> None:
    tick = start_tick(os.getpid())
    assert tick is not None
    assert Running(os.getpid(), tick, 0, 0, "", "").alive
    assert not Running(os.getpid(), tick - 1, 0, 0, "", "").alive


def test_a_process_that_only_waits_to_be_collected_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        end = time.monotonic() + 90
        while start_tick(child.pid) is not None and time.monotonic() < end:
            time.sleep(0.01)
        assert start_tick(child.pid) is None
        assert child.wait() == 0


def test_keys_are_made_listed_and_revoked(wangge: Speak) -> None:
    made = wangge("key", "add", "--role", "editor", "--name", "grid desk")
    assert made.returncode == 0, made.stderr
    assert len(made.stdout.split()) == 1  # the key alone: a script can take it
    assert made.stdout.strip() not in wangge("key", "list").stdout
    number = next(line.split()[0] for line in wangge("key", "list").stdout.splitlines() if "grid desk" in line)
    assert wangge("key", "revoke", number).returncode == 0
    again = wangge("key", "revoke", number)
    assert again.returncode == 2 and number in again.stderr


def test_a_busy_port_is_named_with_a_way_out(wangge: Speak) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        refused = wangge("up", "--port", str(number))
    assert refused.returncode == 2
    assert f"--port {number + 1}" in refused.stderr


def test_an_address_of_another_machine_is_refused(wangge: Speak) -> None:
    refused = wangge("up", "--host", "192.0.2.1")
    assert refused.returncode == 2 and "192.0.2.1" in refused.stderr


def test_the_life_of_a_service(wangge: Speak, data_dir: Path) -> None:
    """First start with the sample city, a second one that finds it running, a kill, a new start, the end."""
    port = free_port()
    assert wangge("status").returncode == 3
    first = wangge("up", "--detach", "--port", str(port))
    assert first.returncode == 0, first.stderr + _log(data_dir)
    assert f"http://127.0.0.1:{port}/map" in first.stdout
    kept = data_dir / "sample-key"
    assert kept.read_text().strip() in first.stdout
    assert kept.stat().st_mode & 0o077 == 0

    status = wangge("status")
    assert status.returncode == 0 and f"http://127.0.0.1:{port}" in status.stdout
    assert "already" in wangge("up", "--detach", "--port", str(port)).stdout
    refused = wangge("restore", str(data_dir / "service.json"))
    assert refused.returncode == 2 and "down" in refused.stderr

    watcher = json.loads((data_dir / "service.json").read_text())["pid"]
    os.kill(watcher, signal.SIGKILL)
    while start_tick(watcher) is not None:
        time.sleep(0.01)
    assert wangge("status").returncode == 3
    again = wangge("up", "--detach", "--port", str(port))
    assert again.returncode == 0, again.stderr + _log(data_dir)
    assert kept.read_text().strip() in again.stdout
    assert "100 %" not in again.stderr  # the city is there already

    assert wangge("down").returncode == 0
    assert wangge("status").returncode == 3
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
    assert not (data_dir / "postgres" / "data" / "postmaster.pid").exists()


def test_an_empty_start_stays_empty(db: Any, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=db.owner_dsn, api_database_url=db.api_dsn)
    prepare(settings, Terminal("en"), empty=True)
    assert sample_key(settings) is None
    with closing(psycopg2.connect(db.owner_dsn)) as connection:
        assert is_bare(connection)


def test_a_server_of_one_s_own(db: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("WANGGE_DATABASE_URL", db.owner_dsn)
    monkeypatch.setenv("WANGGE_API_DATABASE_URL", db.api_dsn)
    assert main(["key", "add", "--role", "staff", "--name", "elsewhere"]) == 0
    with db.transaction() as cursor:
        cursor.execute("select name from wangge.keys")
        assert cursor.fetchall() == [("elsewhere",)]
    assert capfd.readouterr().out.startswith("wg_")


def test_the_doctor_tells_no_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WANGGE_DATA_DIR", str(tmp_path))
    for name, role in (("WANGGE_DATABASE_URL", "wangge_owner"), ("WANGGE_API_DATABASE_URL", "wangge_api")):
        monkeypatch.setenv(name, f"postgresql://{role}:opensesame@127.0.0.1:1/wangge")
    assert main(["doctor"]) == 1
    shown = capfd.readouterr().out
    assert "✗" in shown and "127.0.0.1" in shown and "opensesame" not in shown


def test_a_city_is_never_joined_by_the_sample(db: Any, tmp_path: Path) -> None:
    """A database with one division of somebody's own is not bare."""
    with db.transaction() as cursor:
        cursor.execute(
            "insert into wangge.divisions (code, name, level, geom) values ('999999', 'elsewhere', 'county',"
            " st_multi(st_makeenvelope(120, 32, 120.1, 32.1, 4490)))"
        )
    settings = Settings(data_dir=tmp_path, database_url=db.owner_dsn, api_database_url=db.api_dsn)
    prepare(settings, Terminal("en"), empty=False)
    assert sample_key(settings) is None
    with db.transaction() as cursor:
        cursor.execute("select count(*) from wangge.divisions")
        assert cursor.fetchone() == (1,)


def _log(data_dir: Path) -> str:
    paths = [data_dir / "log" / name for name in ("service.log", "cli.log")]
    return "\n".join(path.read_text("utf-8", "replace")[-3000:] for path in paths if path.exists())
