"""The house rules that a machine can hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
ORDER = ("geo", "layers", "processes", "config")
FILES = sorted(path for package in ORDER for path in (PROJECT / package).rglob("*.py"))
LONGEST = 300
OUTSIDE = {
    "io", "os", "pathlib", "psycopg2", "random", "requests", "socket", "subprocess", "sys", "tempfile", "time",
    "urllib",
}  # fmt: skip


def name(path: Path) -> str:
    """Path of a file as the project says it."""
    return path.relative_to(PROJECT).as_posix()


def tracked(*patterns: str) -> list[Path]:
    """Files of the project by pattern, below the folders that hold its source."""
    folders = (*ORDER, "tests", "notebooks", ".ci")
    found = [path for folder in folders for pattern in patterns for path in (PROJECT / folder).rglob(pattern)]
    return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def imported(path: Path) -> set[str]:
    """Top-level names of every module that a file imports, wherever in the file it does."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno} imports relatively"
            names.add((node.module or "").split(".")[0])
    return names


def test_every_package_has_modules() -> None:
    assert {path.relative_to(PROJECT).parts[0] for path in FILES} == set(ORDER)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_run_one_way(path: Path) -> None:
    place = ORDER.index(path.relative_to(PROJECT).parts[0])
    assert imported(path).isdisjoint(ORDER[place + 1 :])


def test_no_import_runs_in_a_circle() -> None:
    """Not even one for types alone: each file can be read after those that it stands on. A circle raises CycleError."""
    modules = {".".join(path.relative_to(PROJECT).with_suffix("").parts): path for path in FILES}
    modules = {module.removesuffix(".__init__"): path for module, path in modules.items()}
    stands_on: dict[str, set[str]] = {module: set() for module in modules}
    for module, path in modules.items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                stands_on[module] |= modules.keys() & {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                named = {f"{node.module}.{alias.name}" for alias in node.names} & modules.keys()
                stands_on[module] |= named or modules.keys() & {node.module}
    assert stands_on["layers.heat.sums"] > {"layers.heat.readings", "layers.database.sqltext"}
    assert len(list(TopologicalSorter(stands_on).static_order())) == len(modules)


@pytest.mark.parametrize("path", sorted((PROJECT / "geo").rglob("*.py")), ids=lambda path: path.stem)
def test_geo_is_pure(path: Path) -> None:
    """No file, no database, no request, no environment and no clock: numbers in, numbers out."""
    assert imported(path).isdisjoint(OUTSIDE)


@pytest.mark.parametrize("path", tracked("*.py"), ids=name)
def test_only_settings_read_the_environment(path: Path) -> None:
    if path.relative_to(PROJECT).parts[0] in ORDER and path != PROJECT / "config" / "settings.py":
        assert not re.search(r"\bos\.(environ|getenv)\b|from os import .*\b(environ|getenv)\b", path.read_text("utf-8"))


@pytest.mark.parametrize("path", tracked("*.py", "*.sql", "*.js", "*.css"), ids=name)
def test_no_file_holds_two_nouns(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST


def test_our_four_names_are_ours_alone() -> None:
    """The packages have common names; an installed distribution with one of them would hide ours, or be hidden."""
    owners = packages_distributions()
    assert {name: owners[name] for name in ORDER if set(owners.get(name, [])) - {"wangge"}} == {}


def test_no_path_of_a_machine() -> None:
    """A checkout works wherever it is: its own place, and homes, are written nowhere."""
    homes = re.compile(r"(?<![\w.~$}])/(home|Users)/\w+/|" + re.escape(str(PROJECT)) + r"(?![\w-])")
    files = tracked("*.py", "*.sql", "*.toml", "*.html", "*.js", "*.css", "*.md", "*.ipynb", "run")
    files += [path for path in PROJECT.iterdir() if path.is_file()]
    found = {name(path): homes.search(path.read_text("utf-8", "replace")) for path in files}
    assert {path: match[0] for path, match in found.items() if match} == {}


def test_constraints_pin_every_dependency() -> None:
    """What pyproject names has an exact version, and no address of an index stands beside it."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    named = project["dependencies"] + [name for extra in project["optional-dependencies"].values() for name in extra]
    lines = (PROJECT / "constraints.txt").read_text("utf-8").split()
    pins = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower(): line for line in lines}
    assert all(re.fullmatch(r"[\w.-]+==[\w.!+-]+", line) for line in lines)
    assert {re.sub(r"[-_.]+", "-", re.split(r"[<>=\[;! ]", name)[0]).lower() for name in named} - set(pins) == set()


@pytest.mark.parametrize("command", [["ruff", "check", "."], ["mypy"]], ids=lambda command: command[0])
def test_linters_have_nothing_to_say(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
