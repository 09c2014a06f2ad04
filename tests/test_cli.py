"""The command line: what a person reads there, and what becomes of the service and its data."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql

from config.cli import main, parser
from config.commands_bench import benchmarks
from config.commands_data import parse_mapping
from config.commands_process import parse_input, read_inputs
from config.running import Running, start_tick
from config.terminal import Terminal
from geo.errors import InvalidInput
from layers.texts import texts

PROJECT = Path(__file__).resolve().parent.parent
COMMANDS = {
    "up", "down", "status", "doctor", "test", "load", "export", "run", "check", "bench", "key", "backup", "restore",
}  # fmt: skip

Speak = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def data_dir(cluster_folder: Path, tmp_path: Path) -> Iterator[Path]:
    """A data folder of one's own, short and passable, as a fresh checkout in /tmp has it; stopped afterwards."""
    folder = cluster_folder / tmp_path.name[-20:]
    folder.mkdir()
    folder.chmod(0o711)
    yield folder
    subprocess.run([sys.executable, "-m", "config.cli", "down"], cwd=PROJECT, env=environment(folder), check=True)


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """An environment with nothing of whoever runs the tests."""
    return {"PATH": os.environ["PATH"], "WANGGE_DATA_DIR": str(data_dir), "WANGGE_WORKERS": "1"} | more


@pytest.fixture
def wangge(cluster: object, data_dir: Path) -> Speak:
    """Run the command line in a process of its own."""

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "config.cli", *arguments], cwd=PROJECT, env=environment(data_dir, **more),
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip

    return run


# --- words


@pytest.mark.parametrize("language", ["zh", "en"])
def test_help_names_every_command_in_the_reader_s_language(language: str) -> None:
    shown = parser(Terminal(language)).format_help()  # type: ignore[arg-type]
    assert all(f"\n    {command} " in shown for command in COMMANDS)
    assert ("用法：" in shown) == (language == "zh")


def test_no_command_is_missing_here() -> None:
    actions = [action for action in parser(Terminal("en"))._actions if action.choices]
    assert {name for action in actions for name in action.choices or ()} == COMMANDS


def test_every_text_of_the_terminal_is_used() -> None:
    """A text that nothing says any more is a promise that nobody keeps."""
    source = "\n".join(path.read_text("utf-8") for path in (PROJECT / "config").glob("*.py"))
    made_up = (
        "cli.bench.column-", "cli.key.column-", "cli.status.cluster-", "cli.load.stage-",
        "cli.down", "cli.status", "cli.doctor", "cli.backup", "cli.restore",
    )  # fmt: skip
    keys = [key for key in texts() if key.startswith("cli.")]
    assert [key for key in keys if f'"{key}"' not in source and not key.startswith(made_up)] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fly"], "fly"),
        (["up", "--port", "many"], "many"),
        (["key", "add"], "--role"),
        (["run", "no-such-process"], "no-such-process"),
        (["bench", "no-such-bench"], "no-such-bench"),
        (["load", "grids", "no-such-file.shp"], "no-such-file.shp"),
        (["load", "grids", "x.shp", "--map", "code"], "--map code"),
        (["restore", "no-such-file.dump"], "no-such-file.dump"),
    ],
)
def test_an_error_is_one_line_that_names_what_was_wrong(
    arguments: list[str], said: str, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANGGE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert main(arguments) == 2
    shown = capfd.readouterr()
    assert shown.out == ""
    assert said in shown.err and "Traceback" not in shown.err
    assert len(shown.err.splitlines()) == 1


def test_errors_speak_chinese(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert main(["restore", "no-such-file.dump"]) == 2
    assert "错误：没有文件 no-such-file.dump" in capfd.readouterr().err


def test_a_wrong_setting_is_named(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANGGE_PORT", "many")
    assert main(["status"]) == 2
    assert "WANGGE_PORT=many" in capfd.readouterr().err


def test_a_fault_of_ours_shows_a_reference_and_the_log_has_the_rest(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WANGGE_DATA_DIR", str(tmp_path))
    bench = tmp_path / "bench_broken.py"
    bench.write_text("def bench():\n    raise ZeroDivisionError('the secret cause')\n")
    monkeypatch.setattr("config.commands_bench.benchmarks", lambda: {"broken": bench})
    assert main(["bench", "broken"]) == 3
    shown = capfd.readouterr().err
    log = (tmp_path / "log" / "cli.log").read_text("utf-8")
    assert "secret" not in shown and "Traceback" not in shown
    assert "the secret cause" in log
    reference = next(word for word in log.split() if len(word) == 8 and word in shown)
    assert reference


def test_bench_shows_a_table_or_json(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row = {"name": "items", "unit": "1/s", "ours": 8.0, "peer": 2.0, "peer_name": "other", "ratio": 4.0, "goal": 3.0}
    bench = tmp_path / "bench_small.py"
    bench.write_text(f"def bench():\n    return [{row!r}]\n")
    monkeypatch.setattr("config.commands_bench.benchmarks", lambda: {"small": bench})
    assert main(["bench", "small", "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == [row]
    assert main(["bench"]) == 0
    head, line = capfd.readouterr().out.splitlines()
    assert head.split()[-1] in ("goal", "目标") and line.split() == ["items", "1/s", "8", "2", "other", "4", "3"]


def test_benchmarks_are_found_by_their_file_name() -> None:
    assert all(path.name == f"bench_{name}.py" for name, path in benchmarks().items())


# --- inputs of a process


def test_an_input_that_is_text_stays_text() -> None:
    """A grid's code is digits; read as JSON it would turn into a number."""
    schema = {
        "code": {"type": "string"},
        "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "either": {"anyOf": [{"type": "string"}, {"type": "number"}]},
        "day": {"type": "string", "format": "date"},
    }
    assert parse_input("code=321283001001001", schema) == ("code", "321283001001001")
    assert parse_input("maybe=1", schema) == ("maybe", "1")
    assert parse_input("either=1", schema) == ("either", 1)
    assert parse_input("day=2026-01-01", schema) == ("day", "2026-01-01")
    assert parse_input("n=1.5", schema) == ("n", 1.5)
    assert parse_input("list=[1,2]", schema) == ("list", [1, 2])
    assert parse_input("word=a=b", schema) == ("word", "a=b")


def test_an_input_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "layer.geojson"
    path.write_text('{"type": "FeatureCollection", "features": []}')
    assert parse_input(f"layer=@{path}", {}) == ("layer", {"type": "FeatureCollection", "features": []})
    path.write_text("{")
    with pytest.raises(InvalidInput) as caught:
        parse_input(f"layer=@{path}", {})
    assert caught.value.values["path"] == str(path)


def test_the_body_of_an_execute_request_will_do(tmp_path: Path) -> None:
    path = tmp_path / "inputs.json"
    path.write_text('{"inputs": {"a": 1}, "response": "raw"}')
    assert read_inputs(str(path)) == {"a": 1}
    path.write_text('{"inputs": {"a": 1}, "b": 2}')
    assert read_inputs(str(path)) == {"inputs": {"a": 1}, "b": 2}
    path.write_text("[1]")
    with pytest.raises(InvalidInput):
        read_inputs(str(path))


def test_mapping_of_columns() -> None:
    assert parse_mapping(["code=WGBM", "name=网格名称"]) == {"code": "WGBM", "name": "网格名称"}
    with pytest.raises(InvalidInput):
        parse_mapping(["code="])


# --- running processes


def test_a_process_number_that_was_given_away_is_not_the_service() -> None:
    tick = start_tick(os.getpid())
    assert tick is not None
    assert Running(os.getpid(), tick, 0, 0, "", "").alive
    assert not Running(os.getpid(), tick - 1, 0, 0, "", "").alive


def test_a_process_that_only_waits_to_be_collected_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        end = time.monotonic() + 20
        while start_tick(child.pid) is not None and time.monotonic() < end:
            time.sleep(0.01)
        assert start_tick(child.pid) is None
        assert child.wait() == 0


# --- keys, backup, restore


def test_keys_are_made_listed_and_revoked(wangge: Speak) -> None:
    made = wangge("key", "add", "--role", "editor", "--name", "grid desk")
    assert made.returncode == 0, made.stderr
    assert len(made.stdout.split()) == 1  # the key alone: a script can take it
    assert made.stdout.strip() not in wangge("key", "list").stdout
    number = next(line.split()[0] for line in wangge("key", "list").stdout.splitlines() if "grid desk" in line)
    assert wangge("key", "revoke", number).returncode == 0
    again = wangge("key", "revoke", number)
    assert again.returncode == 2 and number in again.stderr


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
    from config.backup import backup, restore
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


# --- the service


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


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


def test_the_life_of_a_service(wangge: Speak, port: int, data_dir: Path) -> None:
    """First start with the sample city, a second one that finds it running, a kill, a new start, the end."""
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
    from config.prepared import prepare, sample_key
    from config.settings import Settings
    from layers.bare import is_bare

    settings = Settings(data_dir=tmp_path, database_url=db.owner_dsn, api_database_url=db.api_dsn)
    prepare(settings, Terminal("en"), empty=True)
    assert sample_key(settings) is None
    with closing(psycopg2.connect(db.owner_dsn)) as connection:
        assert is_bare(connection)


def test_a_city_is_never_joined_by_the_sample(db: Any, tmp_path: Path) -> None:
    """A database with one division of somebody's own is not bare."""
    from config.prepared import prepare, sample_key
    from config.settings import Settings

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
    path = data_dir / "log" / "service.log"
    return path.read_text("utf-8", "replace")[-3000:] if path.exists() else ""
