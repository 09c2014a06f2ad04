"""How far a process has come: heard by whoever listens, in steps that never fall."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from geo.coverage.coverage import check_coverage
from layers.checking.check import check_all
from layers.checking.coverages import Coverage
from layers.jobs.progress import listening, report
from layers.texts import texts

SQUARES = [shapely.box(120 + column / 100, 32, 120 + (column + 1) / 100, 32.01) for column in range(5)]


def test_nobody_need_listen() -> None:
    report(1, 2)


def test_only_the_innermost_listener_hears_and_only_within_its_block() -> None:
    outer: list[Any] = []
    inner: list[Any] = []
    with listening(lambda *told: outer.append(told)):
        report(1, 4, "progress.reading")
        with listening(lambda *told: inner.append(told)):
            report(2, 4, "progress.checking")
        report(3, 4)
    report(4, 4)
    assert outer == [(1, 4, "progress.reading"), (3, 4, "job.running")]
    assert inner == [(2, 4, "progress.checking")]


def test_a_listener_that_fails_is_forgotten_all_the_same() -> None:
    def fails(*_: object) -> None:
        raise ValueError

    with pytest.raises(ValueError), listening(fails):
        report(1, 1)
    report(1, 1)


@pytest.mark.parametrize("polygons", [SQUARES, [], [*SQUARES, shapely.box(120, 32, 120.005, 32.005)]])
def test_a_check_comes_from_its_start_to_its_end(polygons: list[Any]) -> None:
    shares: list[float] = []
    ids = [str(number) for number in range(len(polygons))]
    check_coverage([shapely.transform(p, lambda xy: xy * 100_000) for p in polygons], ids, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1:] == ([1.0] if polygons else [])
    assert len(shares) > 3 or not polygons


def test_checks_of_several_coverages_add_up() -> None:
    told: list[tuple[float, float, str]] = []
    with listening(lambda *said: told.append(said)):
        check_all([Coverage(["a", "b"], SQUARES[:2]), Coverage(["c"], SQUARES[4:])])  # type: ignore[arg-type]
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert {total for _, total, _ in told} == {3}
    assert told[-1][0] == 3
    assert {key for _, _, key in told} <= set(texts())
