"""The command line: what a person reads there, and how inputs are taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.cli import main, parser
from config.commands.bench import benchmarks
from config.commands.data import parse_mapping
from config.commands.process import parse_input, read_inputs
from config.terminal import Terminal
from geo.errors import InvalidInput
from layers.texts import texts

PROJECT = Path(__file__).resolve().parent.parent
COMMANDS = {
    "up", "down", "status", "doctor", "test", "load", "export", "run", "check", "bench", "key", "backup", "restore",
    "qgis", "notebooks", "items", "deliver", "city",
}  # fmt: skip

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
    source = "\n".join(path.read_text("utf-8") for path in (PROJECT / "config").rglob("*.py"))
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


def test_errors_speak_chinese(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WANGGE_DATA_DIR", str(tmp_path))
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
    monkeypatch.setattr("config.commands.bench.benchmarks", lambda: {"broken": bench})
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
    monkeypatch.setattr("config.commands.bench.benchmarks", lambda: {"small": bench})
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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_table_from_a_file_is_a_list_of_objects(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "对照表.csv"
    path.write_text("old,new,name\n321283102201,,合村\n,,\n321283102202,321283102201,\n", encoding)
    assert parse_input(f"divisions=@{path}", {}) == (
        "divisions", [{"old": "321283102201", "name": "合村"}, {"old": "321283102202", "new": "321283102201"}]
    )  # fmt: skip
    with pytest.raises(InvalidInput):
        parse_input(f"divisions=@{tmp_path / 'none.csv'}", {})


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
