"""README and changelog can't drift: what they say is compared with the registries, and what they show is tried."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from shown import SERVED, addresses, blocks, check_command, commands, refused

from config.cli import parser
from config.readme import TABLES, written
from config.settings import Settings
from config.terminal import Terminal
from layers.catalogue.catalogue import CATALOGUE, RASTERS
from processes.registry import PROCESSES

PROJECT = Path(__file__).resolve().parent.parent
README = (PROJECT / "README.md").read_text("utf-8")
CHANGELOG = (PROJECT / "CHANGELOG.md").read_text("utf-8")
LARGEST_PICTURE = 400_000


def section(title: str) -> str:
    """README below a heading, down to the next one."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.DOTALL | re.MULTILINE)
    assert found, f"README has no section {title}"
    return found[1]


def rows(title: str) -> dict[str, list[str]]:
    """Cells of the tables of a section, by the code in their first cell."""
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section(title).splitlines() if re.match(r"\| \[?`", line)]
    return {re.findall(r"`([^`]*)`", row[0])[0]: [cell.strip() for cell in row] for row in cells}


# --- tables


def test_tables_are_those_of_the_registries() -> None:
    assert set(re.findall(r"<!-- table: ([\w-]+) -->", README)) == set(TABLES)
    assert written(README) == README, "run: python -m config.readme"


def test_every_layer_stands_in_readme_with_its_fields() -> None:
    listed = rows("Layers")
    assert list(listed) == [*CATALOGUE, *RASTERS]
    for id_, raster in RASTERS.items():
        assert raster.title.zh in listed[id_] and raster.description.en in listed[id_]
    for id_, layer in CATALOGUE.items():
        assert layer.title.zh in listed[id_]
        assert str(len(layer.fields)) in listed[id_]
        reader = {"public": "all", "staff": "staff", "editor": "editors"}[layer.readers]
        assert any(cell.startswith(reader) for cell in listed[id_])


def test_every_process_stands_in_readme_with_its_inputs() -> None:
    listed = rows("Processes")
    assert list(listed) == list(PROCESSES)
    for id_, process in PROCESSES.items():
        assert process.title.zh in listed[id_]
        assert [name for name in process.parameters.model_fields if f"`{name}`" not in listed[id_][3]] == []


def test_every_command_stands_in_readme_with_its_options() -> None:
    listed = "\n".join(rows("Commands"))
    offered = parser(Terminal("en")).format_help()
    names = re.findall(r"^    (\w+)  ", offered, re.MULTILINE)
    assert {"up", "down", "load", "check", "test"} <= set(names)
    assert [name for name in names if f"./wangge {name}" not in listed] == []


def test_every_setting_stands_in_readme_and_every_variable_exists() -> None:
    ours = {f"WANGGE_{name.upper()}" for name in Settings.model_fields}
    assert set(rows("Settings")) == ours
    others = set(re.findall(r"\bWANGGE_[A-Z_]+\b", README)) - ours
    sources = [PROJECT / "wangge", *PROJECT.glob("tests/*.py"), *PROJECT.glob("notebooks/*.ipynb")]
    read = "\n".join(path.read_text("utf-8") for path in sources if path.name != "test_docs.py")
    assert [name for name in others if name not in read] == []


def test_every_folder_stands_in_readme() -> None:
    listed = {name.rstrip("/") for name in rows("Folders")}
    ignored = (PROJECT / ".gitignore").read_text("utf-8").split()
    there = {
        path.name
        for path in PROJECT.iterdir()
        if path.is_dir() and not any(path.match(rule.strip("/")) for rule in ignored)
    }
    # what an editor or a version control keeps here is its own
    there = {name for name in there if not name.startswith(".")} | {".ci"}
    assert listed == there


# --- commands


def test_readme_names_the_test_command_as_ci_calls_it() -> None:
    called = re.findall(r"\./wangge test[^|>\n]*?(?= *(?:2>&1|\||$))", (PROJECT / ".ci" / "run").read_text("utf-8"))
    assert len(called) == 1
    assert f"`{called[0]}`" in README
    assert ["test"] in commands(README)


def test_readme_says_how_to_start() -> None:
    assert ["up"] in commands(README)
    assert ["down"] in commands(README)


@pytest.mark.parametrize("call", commands(README), ids=" ".join)
def test_a_command_of_readme_is_one(call: list[str]) -> None:
    check_command(call)


def test_what_up_prints_is_what_readme_shows() -> None:
    terminal = Terminal("en")
    said = [terminal.text("cli.ready", url=SERVED), terminal.text("cli.ready.key", secret="wg_…")]
    said.append(terminal.text("cli.ready.stop"))
    assert "\n".join(text.strip("\n") for text in said) in README


# --- what it shows


def test_every_address_of_readme_answers(service: Any) -> None:
    assert refused(service, addresses(README)) == {}


def test_python_of_readme_runs(service: Any, tmp_path: Path) -> None:
    (code,) = blocks(README, "python")
    done = subprocess.run(
        [sys.executable, "-c", code.replace(SERVED, service.base_url)], cwd=tmp_path,
        capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "NO_PROXY": "127.0.0.1", "PYTHONPATH": str(PROJECT / "notebooks")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "村" in done.stdout or "社区" in done.stdout


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    local = [link for link in links if not link.startswith(("http", "#"))]
    assert [link for link in local if not (PROJECT / link).exists()] == []
    headings = re.findall(r"^## (.+)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert [link for link in links if link.startswith("#") and link[1:] not in anchors] == []


def test_the_picture_is_one_and_small() -> None:
    (named,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    picture = (PROJECT / named).read_bytes()
    assert (picture[:4], picture[8:12]) == (b"RIFF", b"WEBP")
    assert len(picture) < LARGEST_PICTURE


# --- changelog


def test_changelog_is_kept() -> None:
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    releases = re.findall(r"^## \[([^\]]+)\](?: - \d{4}-\d\d-\d\d)?$", CHANGELOG, re.MULTILINE)
    assert releases[0] == "Unreleased"
    assert version in releases
    kinds = set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
