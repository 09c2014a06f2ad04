"""What becomes of a grid, by processes from the split to its end: over HTTP with an editor's key, and as commands."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from editing import faults, neighbours_in_village, rows, shape_of

from config.settings import PROJECT, Settings
from layers.identity import Identity

Run = Callable[..., dict[str, Any]]
PERIOD = {"since": "2000-01-01", "until": "2100-01-01"}


def by_http(edited: Any) -> Run:
    """Runs a process with an editor's key, and answers what it answers."""

    def run(process: str, **inputs: Any) -> dict[str, Any]:
        answer = edited.request("POST", f"/processes/{process}/execution", "editor", json={"inputs": inputs})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    return run


def by_command(edited: Any, folder: Path) -> Run:
    """The same on the command line."""
    database = edited.database
    settings = Settings(data_dir=folder, database_url=database.owner_dsn, api_database_url=database.api_dsn)

    def run(process: str, **inputs: Any) -> dict[str, Any]:
        given = folder / "inputs.json"
        given.write_text(json.dumps(inputs), "utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "config.cli", "run", process, "--inputs", str(given)], cwd=PROJECT,
            env=settings.environment(), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    return run


@pytest.fixture
def days(edited: Any) -> tuple[date, date]:
    """Yesterday and today, on a city that is older than both."""
    with edited.database.transaction(Identity("admin")) as cur:
        cur.execute("update wangge.grids set valid_from = valid_from - 3 where valid_from > current_date - 3"
                    " and publication is null")  # fmt: skip
    ((today,),) = rows(edited.database, "select current_date")
    return today - timedelta(days=1), today


def published(run: Run, number: int) -> list[str]:
    """Publish a set; the codes of its grids."""
    done = run("publish", change_set=number)
    assert done["published"] is True, done
    return sorted(done["codes"].values())


@pytest.mark.parametrize("way", ["http", "command line"])
def test_a_grid_is_split_traced_counted_and_taken_back(
    edited: Any, days: tuple[date, date], tmp_path: Path, way: str
) -> None:
    run = by_http(edited) if way == "http" else by_command(edited, tmp_path)
    database, (yesterday, today) = edited.database, days
    code, _ = neighbours_in_village(database)
    ground = shape_of(database, code)
    split = run("split-grid", grid=code, parts=2, names=["甲片", "乙片"])
    parts = [one["properties"] for one in split["features"] if one["properties"]["role"] == "part"]
    assert [part["name"] for part in parts] == ["甲片", "乙片"]
    new = published(run, split["change_set"])
    assert len(new) == 2
    assert code not in new
    assert faults(database) == []

    forwards, backwards = run("trace-code", code=code)["ways"]
    assert (forwards["direction"], sorted(forwards["shares"])) == ("forwards", new)
    assert sum(forwards["shares"].values()) == 1
    assert backwards["shares"] == {code: 1.0}

    # each case is where it was: what the grid had yesterday, its parts have today
    then, now = (run("count-on-day", day=day.isoformat(), **PERIOD)["counts"] for day in (yesterday, today))
    assert then[code] == sum(now[part] for part in new) > 0
    assert sum(then.values()) == sum(now.values())

    ((publication,),) = rows(database, "select id from wangge.publications where change_set = %s", split["change_set"])
    back = run("reverse-publication", publication=publication, title="撤回")
    (again,) = published(run, back["change_set"])
    assert again not in (code, *new)
    assert shape_of(database, again).symmetric_difference(ground).area < 1e-12
    assert faults(database) == []


def test_grids_are_merged_retired_and_recoded_with_an_editor_s_key(edited: Any, days: tuple[date, date]) -> None:
    run, database, (yesterday, today) = by_http(edited), edited.database, days
    code, neighbour = neighbours_in_village(database)
    tried = run("merge-grids", grids=[code, neighbour], keep=code, name="合并", dry_run=True)
    assert rows(database, "select count(*) from wangge.change_sets where state = 'open'") == [(0,)]
    merged = run("merge-grids", grids=[code, neighbour], keep=code, name="合并")
    assert merged["features"][0]["geometry"] == tried["features"][0]["geometry"]
    (whole,) = published(run, merged["change_set"])
    retired = run("retire-grid", grid=whole)
    (heir,) = published(run, retired["change_set"])
    assert faults(database) == []
    assert rows(database, "select count(*) from wangge.grids where code = %s and valid_to is null", whole) == [(0,)]

    # the grid of yesterday is in that of today, through one that nobody has any more
    assert run("trace-code", code=code)["ways"][0]["shares"] == {heir: 1.0}
    carried = run("count-on-day", day=today.isoformat(), counted_on=yesterday.isoformat(), counts={code: 100})
    assert carried["counts"] == {heir: 100}

    ((township,),) = rows(database, "select max(code) from wangge.divisions where level = 'township' and code <> %s",
                          heir[:9])  # fmt: skip
    recoded = run("recode-division", divisions=[{"old": heir[:12], "township": township}], dry_run=True)
    assert recoded["villages"][heir[:12]][:9] == township
    ended = rows(database, "select count(*), count(retired_at) from wangge.issued_codes where code = any(%s)",
                 [code, neighbour, whole])  # fmt: skip
    assert ended == [(3, 3)]
