"""The space-time scan: scores written out by brute force, planted clusters, and what must not be one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from h3.api import basic_int
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InvalidInput
from geo.hotspots.neighbours import single_rings
from geo.hotspots.scan import Cluster, scan

CELLS = sorted(basic_int.grid_disk(basic_int.latlng_to_cell(32.17, 120.05, 9), 5))
RINGS = single_rings(CELLS, 2)
DAYS = 60


def look(place: np.ndarray, day: np.ndarray, *, seed: int = 1, **given_: object) -> list[Cluster]:
    settings_ = {"longest": 7, "least": 3, "simulations": 199, "level": 0.05} | given_
    return scan(place, day, DAYS, RINGS, rng=np.random.default_rng(seed), **settings_)  # type: ignore[arg-type]


def everyday(rng: np.random.Generator, count: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """Cases without a cluster: places and days of very different weight, but each by itself."""
    where = rng.pareto(1.5, len(CELLS)) + 0.05
    when = 1 + 3 * (np.arange(DAYS) % 7 == 0) + 5 * (np.arange(DAYS) > DAYS - 4)
    return rng.choice(len(CELLS), count, p=where / where.sum()), rng.choice(DAYS, count, p=when / when.sum())


def test_a_planted_cluster_is_found_where_it_is() -> None:
    rng = np.random.default_rng(5)
    place, day = everyday(rng)
    middle = CELLS.index(basic_int.latlng_to_cell(32.17, 120.05, 9))
    extra = RINGS[1].indices[RINGS[1].indptr[middle] : RINGS[1].indptr[middle + 1]]
    place = np.concatenate((place, rng.choice(extra, 45)))
    day = np.concatenate((day, rng.integers(DAYS - 3, DAYS, 45)))
    found = look(place, day)
    assert found[0].p == 1 / 200
    assert set(extra.tolist()) <= set(found[0].places.tolist())
    assert found[0].days == 3
    inside = np.isin(place, found[0].places) & (day >= DAYS - found[0].days)
    assert found[0].count == inside.sum()
    usual = np.isin(place, found[0].places).sum() * (day >= DAYS - found[0].days).sum() / len(place)
    assert found[0].expected == pytest.approx(usual)
    again = look(place, day)
    assert [(c.places.tolist(), c.p, c.score) for c in again] == [(c.places.tolist(), c.p, c.score) for c in found]
    assert len(np.unique(np.concatenate([c.places for c in found]))) == sum(len(c.places) for c in found)


def test_busy_places_and_busy_days_are_no_cluster() -> None:
    """By the level that was asked for, one run in twenty may find something; ten of two hundred are expected here."""
    wrong = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        place, day = everyday(rng, 400)
        wrong += bool(look(place, day, seed=seed, simulations=39))
    # of 40 runs more than 7 would find something once in 1,300 times
    assert wrong <= 7


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(5, 60))
def test_scores_are_those_of_the_formula(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    place, day = rng.integers(0, 12, count), rng.integers(DAYS - 20, DAYS, count)
    best: float = 0.0
    for centre in range(len(CELLS)):
        zone: set[int] = set()
        for ring in RINGS:
            zone |= set(ring.indices[ring.indptr[centre] : ring.indptr[centre + 1]].tolist())
            inside = np.isin(place, list(zone))
            if inside.sum() > count / 2:
                continue
            for window in range(1, 8):
                late = day >= DAYS - window
                c, mu = int((inside & late).sum()), inside.sum() * late.sum() / count
                if c >= 3 and c > mu:
                    rest = (count - c) * math.log((count - c) / (count - mu)) if c < count else 0.0
                    best = max(best, c * math.log(c / mu) + rest)
    found = look(place, day, simulations=1, level=1.0)
    assert (found[0].score if found else 0.0) == pytest.approx(best)


def test_too_little_to_look_at() -> None:
    nothing = np.empty(0, dtype=np.intp)
    assert look(nothing, nothing) == []
    assert look(np.array([1, 1]), np.array([DAYS - 1, DAYS - 1])) == []
    assert look(np.arange(9), np.zeros(9, dtype=np.intp)) == []
    with pytest.raises(InvalidInput, match=r"scan\.longest"):
        look(nothing, nothing, longest=DAYS)
