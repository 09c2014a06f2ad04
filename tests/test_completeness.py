"""Completeness: checked by hand, against plain SQL, and as it is told to the public and to staff."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.completeness import CYCLE_DAYS, Measure, freshness, mean_completeness
from geo.errors import InvalidInput, NotFound
from layers.identity import ADMIN, Identity
from layers.loading.load import load_file
from layers.records.deliveries import count_delivery, record_delivery
from layers.records.measure import measure_records
from layers.records.summary import completeness_summary

shares = st.floats(0, 1)


def rows(database: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with database.transaction(ADMIN) as cur:
        cur.execute(sql, values)
        return cur.fetchall()


@given(st.integers(1, 10**6), shares, shares, st.none() | shares)
def test_completeness_lies_between_its_shares(count: int, filled: float, fresh: float, valid: float | None) -> None:
    measure = Measure(count, filled, fresh, valid)
    parts = [filled, fresh] + ([] if valid is None else [valid])
    assert min(parts) - 1e-12 <= measure.completeness <= max(parts) + 1e-12
    assert Measure(0, filled, fresh, valid).completeness == 0
    assert mean_completeness([measure, measure]) == pytest.approx(measure.completeness)


@given(st.floats(0, 10_000), st.floats(0, 10_000), st.sampled_from(list(CYCLE_DAYS)))
def test_what_is_older_is_never_fresher(one: float, other: float, cycle: str) -> None:
    assert freshness(min(one, other), cycle) >= freshness(max(one, other), cycle) > 0
    assert freshness(CYCLE_DAYS[cycle], cycle) == 1
    assert math.isclose(freshness(4 * CYCLE_DAYS[cycle], cycle), 0.25)


def test_a_layer_is_measured_from_its_rows(city_copy: Any) -> None:
    """Half of one township's grids lose their population: the shares are those of plain SQL."""
    with city_copy.transaction(ADMIN) as cur:
        cur.execute(
            "update wangge.grids set population = null where township_code = '321283100' and kind = 'social'"
            " and right(code, 1)::integer % 2 = 0"
        )
        measured = {one.id: one for one in measure_records(cur, "grids")}
    required = ("code", "name", "village_code", "population", "leaders", "members")
    filled = " + ".join(f"({name} is not null)::integer" for name in required)
    plain = rows(
        city_copy,
        f"select count(*), avg(({filled}) / 6.0), count(*) filter (where township_code = '321283100'),"  # noqa: S608
        f" avg(({filled}) / 6.0) filter (where township_code = '321283100')"
        " from wangge.grids where kind = 'social' and valid_to is null",
    )[0]
    item = measured["item-0201"]
    assert item.whole.count == plain[0]
    assert item.whole.filled == pytest.approx(float(plain[1])) != 1
    assert item.townships["321283100"].count == plain[2]
    assert item.townships["321283100"].filled == pytest.approx(float(plain[3]))
    assert item.townships["321283100"].filled < item.whole.filled
    assert sum(part.count for part in item.townships.values()) == plain[0]
    assert (item.whole.fresh, item.whole.valid) == (1.0, 1.0)
    kept = rows(city_copy, "select count, filled, completeness from wangge.records where id = 'item-0201'")[0]
    assert kept == (plain[0], round(100 * float(plain[1]), 1), round(100 * item.whole.completeness, 1))


def test_what_nobody_delivered_is_nothing(city: Any) -> None:
    found = rows(city, "select count, completeness from wangge.records where type = 'dataset' and layer is null")
    assert len(found) > 150
    assert set(found) == {(0, 0.0)}
    summary = completeness_summary(city)
    measured = rows(city, "select count(*) from wangge.records where type = 'dataset' and completeness > 0")[0][0]
    assert (summary["items"], summary["delivered"]) == (186, measured)
    assert len(summary["aspects"]) == 32
    whole = rows(city, "select avg(completeness) from wangge.records where type = 'dataset'")[0][0]
    assert summary["completeness"] == round(whole, 1)


def test_a_delivery_keeps_figures_and_no_row(city_copy: Any) -> None:
    table = "镇街编码,姓名,电话\n321283100,某甲,1\n黄桥镇,某乙,\n济川街道,某丙,2\n"
    delivery = count_delivery(table, ["姓名", "电话"])
    with city_copy.transaction(ADMIN) as cur:
        record_delivery(cur, "0301", delivery)
        measured = {one.id: one for one in measure_records(cur)}["item-0301"]
    assert measured.whole.count == 3
    assert measured.whole.filled == pytest.approx(5 / 6)
    assert measured.whole.fresh == 1
    assert measured.townships["321283001"].filled == 1
    kept = rows(city_copy, "select * from wangge.item_deliveries order by id")
    assert "某甲" not in str(kept)
    # three rows: the public learns neither how many nor a share that would tell
    public = city_copy.api.fetch("select count, filled, completeness from wangge.records where code = '0301'")
    assert public == [(None, 75.0, 87.5)]
    newer = count_delivery("姓名,电话\n" + "某丁,3\n" * 200, [])
    with city_copy.transaction(ADMIN) as cur:
        record_delivery(cur, "0301", newer)
        measured = {one.id: one for one in measure_records(cur)}["item-0301"]
        cur.execute("update wangge.item_deliveries set delivered_at = now() - interval '62 days'")
        old = {one.id: one for one in measure_records(cur)}["item-0301"]
    assert (measured.whole.count, measured.whole.filled) == (200, 1)
    assert old.whole.fresh == pytest.approx(0.5)
    for code, text, error in (
        ("9999", "a\n1\n", NotFound), ("0201", "a\n1\n", InvalidInput), ("0301", "township,a\n别处,1\n", InvalidInput),
    ):  # fmt: skip
        with pytest.raises(error), city_copy.transaction(ADMIN) as cur:
            record_delivery(cur, code, count_delivery(text, ["a"]))
    with pytest.raises(InvalidInput):
        count_delivery("a\n1\n", ["b"])


def test_a_load_measures_what_it_changed(city_copy: Any, tmp_path: Path) -> None:
    """Cameras without a height: the layer's figures are new; after a dry run, and of other layers, they are not."""
    figures = "select count, filled, completeness, delivered_at, measured_at from wangge.records"
    figures += " where id = 'layer-cameras'"
    ((count, filled, complete, delivered, measured),) = rows(city_copy, figures)
    file = tmp_path / "cameras.csv"
    lines = [f"3212830000132{9_000_000 + n},cam,skynet,120.0{n + 100},32.17" for n in range(200)]
    file.write_text("\n".join(("device_id,name,source,lon,lat", *lines)), "utf-8")
    assert load_file(city_copy, "cameras", file, dry_run=True).rejected == 0
    assert rows(city_copy, figures) == [(count, filled, complete, delivered, measured)]
    others = "select id, measured_at from wangge.records where layer is distinct from 'cameras' and type = 'dataset'"
    before = rows(city_copy, others)
    assert load_file(city_copy, "cameras", file).loaded == 200
    ((now, now_filled, now_complete, now_delivered, now_measured),) = rows(city_copy, figures)
    assert now == count + 200 and now_filled < filled and now_complete < complete
    assert now_delivered > delivered and now_measured > measured
    assert rows(city_copy, others) == before


def test_townships_are_for_staff_and_each_sees_its_own(service: Any) -> None:
    def run(role: str | None) -> Any:
        return service.request("POST", "processes/completeness/execution", role, json={"inputs": {}}).json()

    public, staff, own = run(None), run("staff"), run("township")
    assert public["townships"] == []
    assert len(staff["townships"]) == 16
    assert [entry["code"] for entry in own["townships"]] == [service.township]
    assert own["townships"][0] in staff["townships"]
    assert public["aspects"] == staff["aspects"]
    for language, word in (("zh", "按镇街"), ("en", "By township")):
        page = service.get(f"completeness?lang={language}", "staff")
        assert page.status_code == 200
        assert word in page.text
        assert page.text.count("<meter") >= 32 + 16
    assert service.get("completeness").text.count("<meter") < service.get("completeness", "staff").text.count("<meter")


def test_only_an_administrator_measures_anew(own_service: Any) -> None:
    for role, status in ((None, 401), ("staff", 403), ("editor", 403), ("admin", 200)):
        answer = own_service.request(
            "POST", "processes/completeness/execution", role, json={"inputs": {"measure": True}}
        )
        assert answer.status_code == status, role
    assert answer.json()["measured_at"] is not None
    with (
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
        own_service.database.transaction(Identity("staff")) as cur,
    ):
        cur.execute("select wangge.keep_measures('[]')")
