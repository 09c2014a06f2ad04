"""Densities of cases of a kind, for staff, and a bandwidth that follows from the cases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from raster_answers import COVERAGE, HERE, opened


def counted(service: Any, sql: str) -> Any:
    with service.database.transaction() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("choice", "condition"),
    [
        ("class_code=matter-06", "category = 'matter' and left(type_code, 2) = '06'"),
        ("type_code=local-06999", "category = 'local' and type_code = '06999'"),
        ("channel=12345热线&class_code=component-01",
         "channel = '12345热线' and category = 'component' and left(type_code, 2) = '01'"),
        ("class_code=all&channel=all", "true"),
    ],
)  # fmt: skip
def test_staff_choose_the_kind_of_cases(service: Any, choice: str, condition: str) -> None:
    address = f"{COVERAGE}?datetime=2025-06&{choice}"
    with opened(service.get(address, "staff")) as file:
        mass = np.nansum(file.read(1)) * abs(file.transform.a * file.transform.e) / 1e6
        tags = file.tags()
    cases = counted(
        service, f"select count(*) from wangge.cases where wangge.day_of(reported_at) between '2025-06-01'"  # noqa: S608
        f" and '2025-06-30' and {condition}",
    )  # fmt: skip
    assert float(tags["CASES"]) + float(tags["CASES_OUTSIDE"]) == cases > 0
    assert mass == pytest.approx(float(tags["CASES"]), rel=0.003)
    assert set(tags["CASES_OF"].split(", ")) == ({"all kinds"} if "all" in choice else set(choice.split("&")))


def test_cases_of_a_kind_are_no_matter_of_the_public(service: Any) -> None:
    for what in ("coverage", "map", "legend", "map/tiles/WebMercatorQuad/11/829/1706"):
        for role, status in ((None, 401), ("township", 403), ("staff", 200)):
            answer = service.get(f"{HERE}/{what}?channel=12345热线", role, headers={"Accept-Language": "en"})
            assert answer.status_code == status, (what, role)


def test_the_bandwidth_that_follows_from_the_cases_is_told(service: Any) -> None:
    chosen, values = {}, {}
    for asked in ((None, "2025-06"), ("staff", "2025-06"), ("staff", "2025")):
        with opened(service.get(f"{COVERAGE}?bandwidth=auto&datetime={asked[1]}", asked[0])) as file:
            assert file.tags()["BANDWIDTH_RULE"].startswith("normal reference")
            chosen[asked], values[asked] = float(file.tags()["BANDWIDTH_M"]), file.read(1)
    with opened(service.get(f"{COVERAGE}?bandwidth={chosen['staff', '2025']:g}&datetime=2025", "staff")) as same:
        assert np.array_equal(same.read(1), values["staff", "2025"], equal_nan=True)
        assert same.tags()["BANDWIDTH_RULE"] == "as asked"
    assert all(200 <= metres <= 5000 for metres in chosen.values())
    assert chosen["staff", "2025"] < chosen["staff", "2025-06"], "more cases bear a finer map"
    assert chosen[None, "2025-06"] == pytest.approx(chosen["staff", "2025-06"], rel=0.25)


def test_a_kind_without_cases_is_an_empty_map(service: Any) -> None:
    none = "bandwidth=500&class_code=none-99"
    with opened(service.get(f"{COVERAGE}?{none}", "staff")) as file:
        assert np.nanmax(file.read(1)) == 0 and float(file.tags()["CASES"]) == 0
    assert service.get(f"{HERE}/legend?{none}", "staff").json()["period"] == ""
    assert service.get(f"{HERE}/map?{none}", "staff").status_code == 200
