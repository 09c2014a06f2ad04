"""Months are released by themselves once they are closed, by whichever worker looks first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from working import settings_of

from config.jobs.releasing import Releasing
from geo.errors import Forbidden, InvalidInput
from layers.database.database import bind
from layers.identity import ADMIN, Identity, acting
from processes.heat.release_heat import ReleaseHeat


def releases(database: Any) -> list[tuple[Any, ...]]:
    with database.transaction() as cursor:
        cursor.execute("select release, through::text, least_count from wangge.heat_releases order by release")
        return cursor.fetchall()


def cases(database: Any, prefix: str, moment: str) -> None:
    """Nine more cases of one cell, where the sample has some."""
    with database.transaction() as cursor:
        cursor.execute(
            "insert into wangge.cases (case_no, category, type_code, type_name, channel, state, reported_at,"
            " township_code, cell, geom) select %s || fid, category, type_code, type_name, channel, '上报', %s,"
            " township_code, cell, geom from wangge.cases where cell = (select min(cell) from wangge.cases) limit 9",
            (prefix, moment),
        )


def test_a_month_is_released_when_it_is_closed(city_copy: Any, tmp_path: Path) -> None:
    known = releases(city_copy)
    assert known == [(0, "2025-12-01", 5)]
    releasing = Releasing(settings_of(city_copy, tmp_path, heat_least=6))
    releasing.look()
    assert releases(city_copy) == known, "nothing was closed since"
    cases(city_copy, "later-", "2026-02-03 10:00:00+08")
    releasing.look()
    releasing.look()
    assert releases(city_copy) == [*known, (1, "2026-02-01", 6)]


def test_the_process_answers_what_was_released(city_copy: Any) -> None:
    bind(city_copy.api)
    cases(city_copy, "later-", "2026-02-03 10:00:00+08")
    with acting(ADMIN):
        (_, made), (_, again) = (ReleaseHeat().execute({"through": "2026-02"}) for _ in range(2))
        with pytest.raises(InvalidInput):
            ReleaseHeat().execute({"through": "2999-01"})
    assert (made["release"], made["through"]) == (1, "2026-02")
    assert [view["period"] for view in made["views"]] == ["month"] * 3
    assert all(view["cells_shown"] <= view["cells"] <= view["cases"] for view in made["views"])
    assert again == {"release": None, "through": None, "views": []}
    with acting(Identity("editor")), pytest.raises(Forbidden):
        ReleaseHeat().execute({})
