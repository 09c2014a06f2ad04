"""Gi* against published values, a real space-time cube and its definition written out; false discoveries."""

from __future__ import annotations

import json
import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse

from geo.errors import InvalidInput
from geo.hotspots.discoveries import adjusted, confidence
from geo.hotspots.gi_star import gi_star, p_values
from geo.hotspots.neighbours import touching, within_distance


def test_six_points_of_the_literature(shared: Path) -> None:
    known = json.loads((shared / "data" / "gi_star" / "reference.json").read_text("utf-8"))["six_points"]
    near = within_distance(known["xy"], known["threshold"])
    found = gi_star(known["y"], near)
    assert np.abs(found - known["spdep_1.2-7"]["Gistar"]).max() < 1e-11
    assert round(float(found[0]), 8) == known["published_esda"]["Gistar_B_z0"]
    # dividing each row by its number of neighbours changes nothing
    share = sparse.csr_array(sparse.diags_array(1 / near.sum(axis=1)) @ near)
    assert np.allclose(gi_star(known["y"], share), found, atol=1e-13)


def test_a_real_cube_of_ten_years(shared: Path) -> None:
    folder = shared / "data" / "ehsa_boston"
    areas = gpd.read_file(folder / "bos-ecometric.geojson").to_crs(26986).set_index(".region_id")
    table = pd.read_csv(folder / "bos-ecometric.csv", dtype={".region_id": str})
    cube = table.pivot_table(index=".region_id", columns="year", values="value").reindex(areas.index)
    known = pd.read_csv(folder / "gstar_queen_W_spdep.csv", dtype={"region_id": str}).set_index("region_id")
    known = known.reindex(areas.index)
    near = touching(areas.geometry.to_numpy())
    assert near.sum(axis=1).astype(int).tolist() == known["card_self"].tolist()
    found = gi_star(cube.to_numpy(), near, window="steps")
    assert found.shape == (168, 10)
    assert np.abs(found - known.filter(like="G20").to_numpy()).max() < 1e-12


def by_definition(cube: np.ndarray, near: np.ndarray, lag: int, window: str) -> np.ndarray:
    """Gi* bin by bin, over the one long list of bins that the cube is."""
    places, steps = cube.shape
    out = np.zeros(cube.shape)
    for place in range(places):
        for step in range(steps):
            reached = range(max(step - lag, 0), step + 1)
            inside = [(p, s) for s in (range(steps) if window == "cube" else reached) for p in range(places)]
            x = np.array([cube[bin_] for bin_ in inside])
            w = np.array([near[place, p] if s in reached else 0.0 for p, s in inside])
            n, mean, spread = len(x), x.mean(), x.std()
            inner = (n * (w**2).sum() - w.sum() ** 2) / (n - 1) if n > 1 else 0.0
            if spread > 1e-9 and inner > 1e-9:
                out[place, step] = ((w * x).sum() - mean * w.sum()) / (spread * math.sqrt(inner))
    return out


@given(
    cube=arrays.arrays(float, st.tuples(st.integers(2, 6), st.integers(1, 5)), elements=st.integers(0, 9).map(float)),
    seed=st.integers(0, 99),
    lag=st.integers(0, 3),
    window=st.sampled_from(["cube", "steps"]),
)
def test_equal_to_the_definition(cube: np.ndarray, seed: int, lag: int, window: str) -> None:
    near = (np.random.default_rng(seed).uniform(size=(len(cube), len(cube))) < 0.4).astype(float)
    np.fill_diagonal(near, 1.0)
    found = gi_star(cube, sparse.csr_array(near), lag=lag, window=window)
    assert np.allclose(found, by_definition(cube, near, lag, window), atol=1e-9)
    # neither the unit nor the origin of the values matters
    assert np.allclose(gi_star(3 * cube + 7, sparse.csr_array(near), lag=lag, window=window), found, atol=1e-7)


def test_equal_values_are_no_spot() -> None:
    near = within_distance([[0, 0], [1, 0], [2, 0]], 1.5)
    assert gi_star([[0.1] * 3] * 3, near).tolist() == [[0.0] * 3] * 3
    assert gi_star([1.0, 2.0, 3.0], within_distance([[0, 0], [1, 0], [2, 0]], 9)).tolist() == [0.0] * 3


def test_what_can_not_be_reckoned_is_refused() -> None:
    near = within_distance([[0, 0], [1, 0]], 1.5)
    for values, key in (([1.0, 2.0, 3.0], "hotspots.weights"), ([1.0, np.nan], "hotspots.finite")):
        with pytest.raises(InvalidInput) as refused:
            gi_star(values, near)
        assert refused.value.key == key
    with pytest.raises(InvalidInput, match=r"hotspots\.lag"):
        gi_star([1.0, 2.0], near, lag=-1)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_discoveries_are_those_of_the_step_up_procedure(p: list[float]) -> None:
    for level in (0.01, 0.05, 0.1):
        ordered = sorted(p)
        passing = [rank for rank, value in enumerate(ordered, 1) if value <= level * rank / len(p)]
        bound = ordered[passing[-1] - 1] if passing else -1.0
        believed = [value <= bound for value in p]
        found = adjusted(p) <= level
        # at the very bound p m / j and level j / m may round apart
        near_bound = np.abs(adjusted(p) - level) < 1e-12
        assert ((found == believed) | near_bound).all()


def test_confidence_has_three_levels() -> None:
    scores = np.array([4.0, 2.3, 1.7, 1.0, -1.7, -2.3, -4.0, 0.0])
    assert confidence(scores, p_values(scores)).tolist() == [3, 2, 1, 0, -1, -2, -3, 0]
