"""Who sees which density, and when a change is seen: the public nothing but what is published."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest
from raster_answers import COVERAGE, TILE, opened
from working import until

from layers.identity import Identity


def test_the_public_gets_nothing_but_what_is_published(service: Any) -> None:
    """Staff of one township get the public's map, staff of the city one of exact places, each under its own cache."""
    whole, township, staff = (service.get(COVERAGE, role) for role in (None, "township", "staff"))
    assert township.content == whole.content != staff.content
    with opened(whole) as public, opened(staff) as exact:
        assert public.tags()["MADE_FROM"].startswith("published") and exact.tags()["MADE_FROM"] == "places of cases"
    assert whole.headers["Cache-Control"] == "public, no-cache"
    assert staff.headers["Cache-Control"] == "private, no-cache"
    assert service.get(TILE).headers["ETag"] != service.get(TILE, "staff").headers["ETag"]


def test_a_change_is_seen_and_the_public_sees_none_that_is_not_published(own_service: Any) -> None:
    """A new case in a place without others: staff's map changes, the public's stays the same to the last byte."""
    service = own_service
    before = {role: service.get(f"{COVERAGE}?datetime=2025-06", role) for role in (None, "staff")}
    with service.database.transaction() as cursor:
        cursor.execute(
            "with lonely as (select * from wangge.cases as one where not exists (select from wangge.case_heat as shown"
            " where shown.audience = 'public' and shown.resolution = 8 and shown.month = '2025-06-01'"
            " and shown.cell = wangge.h3_parent(one.cell, 8))"
            " and not exists (select from wangge.case_heat as held where held.audience = 'staff'"
            " and held.resolution = 8 and held.class_code = 'all' and held.channel = 'all'"
            " and held.month = '2025-06-01'"
            " and held.cell = wangge.h3_parent(one.cell, 8) and held.count >= 4) limit 1)"
            " insert into wangge.cases (case_no, category, type_code, type_name, channel, state, reported_at,"
            " township_code, cell, geom) select 'NEW-1', category, type_code, type_name, channel, '上报',"
            " '2025-06-15 12:00+08', township_code, cell, geom from lonely returning case_no"
        )
        assert cursor.fetchone() is not None

    def changed() -> Any:
        answer = service.get(f"{COVERAGE}?datetime=2025-06", "staff")
        return answer if answer.headers["ETag"] != before["staff"].headers["ETag"] else None

    staff = until(changed)
    with opened(staff) as after, opened(before["staff"]) as held:
        assert float(after.tags()["CASES"]) == float(held.tags()["CASES"]) + 1
    public = service.get(f"{COVERAGE}?datetime=2025-06")
    assert public.content == before[None].content and public.headers["ETag"] == before[None].headers["ETag"]


def test_maps_are_kept_for_every_worker_and_closed_to_the_public(own_service: Any) -> None:
    """What one worker made lies in the database; the service's role can neither read nor keep staff's as the public."""
    service = own_service
    service.get(f"{COVERAGE}?bandwidth=777", "staff")
    service.get(f"{COVERAGE}?bandwidth=777")
    with service.database.transaction() as cursor:
        cursor.execute("select audience, count(*) from wangge.density_maps group by 1 order by 1")
        assert [audience for audience, _ in cursor.fetchall()] == ["public", "staff"]
    api = service.database.api
    for identity, seen in ((Identity(), {b"public"}), (Identity("staff", "321283100"), {b"public"}),
                           (Identity("staff"), {b"public", b"staff"})):  # fmt: skip
        rows = api.fetch("select distinct audience from wangge.density_maps", (), identity)
        assert {audience for (audience,) in rows} == seen
    for identity in (Identity(), Identity("staff", "321283100")):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            api.fetch("select wangge.keep_density('x'::text, 'staff'::text, ''::bytea)", (), identity)
