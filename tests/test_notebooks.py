"""The planners' stories: kept with the pictures of their last run, and run by README's command against the service."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from chromium import Browser

from config.cli import main
from config.commands.notebooks import FOLDER, STORIES
from config.machine.service import answers, local_url
from config.machine.throw_away import throw_away
from config.notebooks.execute import execute
from config.notebooks.visit import editing_key
from config.settings import PROJECT
from config.terminal import Terminal

CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{3,} [A-Za-z]{2,}")
LARGEST = 300_000
# a folder of somebody's machine, an address, a key
PRIVATE = re.compile(r"/(?:home|root|tmp|Users|work)/|https?://(?!www\.w3\.org)|127\.0\.0\.1|wg_[\w-]{20}")
GROUND = (
    "select count(*), sum(population), round(sum(st_area(geom::geography))::numeric, -2)"
    " from wangge.grids where valid_to is null"
)


def read(path: Path) -> Any:
    return nbformat.read(path, 4)


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def pictures(notebook: Any) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs(notebook))


def maps(notebook: Any) -> int:
    return sum("<iframe srcdoc=" in output.get("data", {}).get("text/html", "") for output in outputs(notebook))


def test_every_story_is_told_by_the_command() -> None:
    assert sorted(STORIES) == sorted(path.stem for path in FOLDER.glob("*.ipynb"))


# --- as they are kept


@pytest.mark.parametrize("story", STORIES)
def test_a_story_speaks_both_languages(story: str) -> None:
    words = [cell.source for cell in read(FOLDER / f"{story}.ipynb").cells if cell.cell_type == "markdown"]
    assert [text for text in words if not (CHINESE.search(text) and LATIN.search(text))] == []


@pytest.mark.parametrize("story", STORIES)
def test_a_story_knows_the_api_alone(story: str) -> None:
    code = "\n".join(cell.source for cell in read(FOLDER / f"{story}.ipynb").cells if cell.cell_type == "code")
    imported = set(re.findall(r"^(?:from|import) (\w+)", code, re.MULTILINE))
    assert imported.isdisjoint({"geo", "layers", "processes", "config", "psycopg2", "sqlalchemy"})


@pytest.mark.parametrize("story", STORIES)
def test_a_story_is_kept_as_one_whole_run_left_it(story: str) -> None:
    """Whoever reads it where nothing runs sees its pictures, and nothing of the machine that drew them."""
    path = FOLDER / f"{story}.ipynb"
    notebook = read(path)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert pictures(notebook)
    assert {output.output_type for output in outputs(notebook)} <= {"stream", "execute_result", "display_data"}
    said = [
        text for output in outputs(notebook)
        for kind, text in [*output.get("data", {}).items(), ("stream", output.get("text", ""))] if kind != "image/png"
    ]  # fmt: skip
    assert PRIVATE.findall("\n".join(said)) == []
    assert path.stat().st_size < LARGEST
    # its maps are there to be drawn by a run, and here are the words that stand for them
    assert maps(notebook) == 0 and "可缩放的地图" in "\n".join(said)


# --- as they run


@pytest.fixture(scope="module")
def told(job_service: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the command said, the folder with the notebooks that it ran, and the grids before it."""
    folder = tmp_path_factory.mktemp("told")
    with job_service.database.transaction() as cursor:
        cursor.execute(GROUND)
        before = cursor.fetchone()
    home = tmp_path_factory.mktemp("home")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8",
                   "WANGGE_KEY": job_service.keys["editor"]}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "config.cli", "notebooks", "--execute", "--url", job_service.base_url, "--out", folder],
        env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    return done, folder, before


def test_every_story_runs(told: Any) -> None:
    done, folder, _ = told
    assert done.returncode == 0, done.stdout + done.stderr[-6000:]
    assert re.findall(r"^(\w+): well", done.stdout, re.MULTILINE) == list(STORIES)
    # a machine without a Chinese font draws boxes and says so; whatever else is said is a fault
    assert [line for line in done.stderr.splitlines() if "Warning" in line and "missing from font" not in line] == []
    assert all(pictures(read(folder / f"{story}.ipynb")) for story in STORIES)


def test_every_page_opens_alone_with_its_maps_drawn(
    told: Any, program: Callable[[str], Path], tmp_path: Path
) -> None:
    """In a browser that reaches nothing: no request but for the file itself, and no word of complaint."""
    _, folder, _ = told
    browser = Browser(program("chromium"), tmp_path)
    drawn = """[...document.querySelectorAll("iframe")].map(
        one => one.contentDocument.querySelectorAll(".leaflet-overlay-pane path").length)"""
    try:
        for story in STORIES:
            browser.call("Page.navigate", url=(folder / f"{story}.html").as_uri())
            browser.until(f"location.pathname.includes('{story}') && document.readyState === 'complete'")
            paths = browser.run(drawn)
            assert len(paths) == maps(read(folder / f"{story}.ipynb")) > 0
            assert all(number > 3 for number in paths), (story, paths)
            assert browser.run("[...document.images].every(one => one.complete && one.naturalWidth > 0)")
            assert browser.complaints == []
        assert {address.partition(":")[0] for address in browser.asked} <= {"file", "data"}
    finally:
        browser.close()


def test_a_story_that_publishes_leaves_the_city_as_it_was(told: Any, job_service: Any) -> None:
    with job_service.database.transaction() as cursor:
        cursor.execute(GROUND)
        assert cursor.fetchone() == told[2]
        cursor.execute("select count(*) from wangge.change_sets where state = 'open'")
        assert cursor.fetchone() == (0,)
        cursor.execute("select count(*) from wangge.publications")
        assert cursor.fetchone() == (2,)


def test_a_story_that_fails_says_where(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell("import warnings\nwarnings.warn('odd')"), nbformat.v4.new_code_cell("1 / 0")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "wrong.ipynb")
    done = execute(tmp_path / "wrong.ipynb", {"PATH": os.environ["PATH"]}, tmp_path / "out" / "wrong.ipynb")
    assert done.error is not None and "ZeroDivisionError" in done.error and "\x1b" not in done.error
    assert len(done.warnings) == 1 and "odd" in done.warnings[0]
    (kept,) = outputs(read(tmp_path / "out" / "wrong.ipynb"))
    assert kept.ename == "ZeroDivisionError"


@pytest.mark.parametrize("wrong", [["--key", "wg_x"], ["--out", "folder"]], ids=" ".join)
def test_an_option_without_its_other_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["notebooks", *wrong]) == 2
    assert wrong[0] in capsys.readouterr().err


# a service that was detached is nobody's child to wait for
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_service_that_is_thrown_away_leaves_nothing(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside a server of somebody's own, which it doesn't touch; its key ends before it does."""
    from layers.database.database import Database
    from layers.keys import identify

    monkeypatch.setenv("WANGGE_DATABASE_URL", "host=nowhere")
    monkeypatch.setenv("WANGGE_API_DATABASE_URL", "host=nowhere")
    with throw_away(Terminal("en"), empty=True) as settings:
        url = local_url(settings) + "/conformance?f=json"
        assert answers(url) and settings.data_dir.is_dir()
        from config.machine.database import reachable

        with reachable(settings) as complete:
            database = Database(complete.owner_dsn, pool_size=1)
            with editing_key(settings) as key:
                found = identify(database, key)
                assert found is not None and found.role == "editor"
            assert identify(database, key) is None
            database.close()
    assert not answers(url)
    assert not settings.data_dir.exists()
