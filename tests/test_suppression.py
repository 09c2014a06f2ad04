"""What is hidden of counts: by hand, against every table that is possible, and a naive way that the attack breaks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from h3.api import basic_int
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from geo.heat.attacker import Attack, connected
from geo.heat.lattice import ALL, Counts, Lattice, View, lattice, regions
from geo.heat.suppression import suppress, without

K = 5
JANUARY = 12 * 2024
TOP = basic_int.latlng_to_cell(32.17, 120.05, 6)
SEVENS = sorted(basic_int.cell_to_children(TOP, 7))
LEAVES = [sorted(basic_int.cell_to_children(seven, 9))[::20] for seven in SEVENS[:3]]
SOME = [leaf for leaves in LEAVES for leaf in leaves]
SMALL = (
    View(6, by_year=True, by_class=False), View(7, by_year=True, by_class=False), View(9, by_year=True, by_class=False),
    View(6, by_year=False, by_class=False), View(7, by_year=False, by_class=False),
    View(7, by_year=True, by_class=True),
)  # fmt: skip


def counts(rows: list[tuple[int, int, int, int, int]]) -> Counts:
    """Of cell, month of 2024 from 0, class, release and count."""
    cell, month, class_, release, count = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    return Counts(cell, JANUARY + month, class_, release, count)


def values(of: Lattice, views: Any, resolution: int, by_year: bool, by_class: bool = False) -> dict[Any, int]:
    place = views.index(View(resolution, by_year, by_class))
    chosen = of.view == place
    keys = zip(of.cell[chosen].tolist(), of.period[chosen].tolist(), of.class_[chosen].tolist(), strict=True)
    return dict(zip(keys, of.value[chosen].tolist(), strict=True))


def some_counts(releases: int = 1) -> Any:
    row = st.tuples(
        st.sampled_from(SOME), st.integers(0, 3), st.integers(0, 2), st.integers(0, releases - 1), st.integers(1, 9)
    )
    return st.lists(row, min_size=1, max_size=25).map(counts)


def exact_bounds(of: Any, known: np.ndarray, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of each hidden count by a programme of its own over all of them: an oracle that shares no code."""
    dense = of.toarray()
    matrix, total = dense[:, hidden], -dense[:, ~hidden] @ known[~hidden]
    low, high = known.astype(float), known.astype(float)
    for place, entry in enumerate(np.flatnonzero(hidden)):
        for sign, bound in ((1, low), (-1, high)):
            cost = np.zeros(matrix.shape[1])
            cost[place] = sign
            found = linprog(cost, A_eq=matrix, b_eq=total, bounds=(0, None), method="highs-ds")
            bound[entry] = np.inf if found.status == 3 else sign * found.fun
    return low, high


# --- the lattice


def test_entries_and_families_by_hand() -> None:
    a, b = LEAVES[0][0], LEAVES[1][0]
    made = lattice(counts([(a, 0, 0, 0, 4), (a, 1, 1, 0, 6), (b, 0, 0, 0, 3)]), [JANUARY + 11], SMALL)
    assert values(made, SMALL, 6, by_year=True) == {(TOP, 2024, ALL): 13}
    assert values(made, SMALL, 6, by_year=False) == {(TOP, JANUARY, ALL): 7, (TOP, JANUARY + 1, ALL): 6}
    assert values(made, SMALL, 9, by_year=True) == {(a, 2024, ALL): 10, (b, 2024, ALL): 3}
    classes = {(SEVENS[0], 2024, 0): 4, (SEVENS[0], 2024, 1): 6, (SEVENS[1], 2024, 0): 3}
    assert values(made, SMALL, 7, by_year=True, by_class=True) == classes
    # year 6: of cells and of months; months 6: two of cells; years 7: two each of leaves, months and classes
    assert made.families.shape == (10, len(made.value))
    assert (made.families @ made.value == 0).all()


def test_a_year_is_told_when_its_last_month_is_closed() -> None:
    given_ = counts([(SOME[0], 0, 0, 0, 9), (SOME[0], 11, 0, 1, 9)])
    assert values(lattice(given_, [JANUARY + 10], SMALL), SMALL, 6, by_year=True) == {}
    assert values(lattice(given_, [JANUARY + 10, JANUARY + 11], SMALL), SMALL, 6, by_year=True) != {}


def test_what_a_release_adds_is_a_count_of_its_own() -> None:
    """9 were told, 11 are told: whoever kept the older number knows of the 2 that came between."""
    made = lattice(counts([(SOME[0], 0, 0, 0, 9), (SOME[0], 0, 0, 1, 2)]), [JANUARY, JANUARY], SMALL)
    months = made.view == SMALL.index(View(7, by_year=False, by_class=False))
    found = zip(made.edition[months].tolist(), made.value[months].tolist(), strict=True)
    assert sorted(found) == [(-2, 2), (0, 9), (1, 11)]
    shown = made.edition == 0
    hidden = suppress(made, K, np.random.default_rng(1), shown=shown, views=SMALL).hidden
    assert hidden[made.edition == -2].all()
    assert hidden[made.edition == 1].all()


@given(given_=some_counts(releases=3))
def test_every_family_adds_up(given_: Counts) -> None:
    made = lattice(given_, [JANUARY + 2, JANUARY + 11, JANUARY + 11], SMALL)
    assert (made.families @ made.value == 0).all()
    assert len(np.unique(made.keys, axis=0)) == len(made.value)
    assert (made.value > 0).all()


# --- the attacker


@given(given_=some_counts(), data=st.data())
@settings(max_examples=15, deadline=None)
def test_bounds_equal_those_of_one_programme_a_count(given_: Counts, data: Any) -> None:
    made = lattice(given_, [JANUARY + 11], SMALL)
    share = data.draw(st.sampled_from([0.3, 0.6, 0.9]))
    hidden = np.random.default_rng(len(made.value)).random(len(made.value)) < share
    low, high = exact_bounds(made.families, made.value, hidden)
    attack = Attack(made.families, made.value)
    narrow = attack.exact(hidden, K)
    assert set(narrow.tolist()) == set(np.flatnonzero(hidden & (high - low < K - 1e-6)).tolist())
    assert attack.low[narrow] == pytest.approx(low[narrow], abs=1e-6)
    assert attack.high[narrow] == pytest.approx(high[narrow], abs=1e-6)
    assert (attack.low >= low - 1e-6).all()
    assert (attack.high <= high + 1e-6).all()


@given(given_=some_counts(), data=st.data())
def test_regions_are_whole_blocks(given_: Counts, data: Any) -> None:
    """No family joins hidden counts of two regions: bounds within one are exact."""
    made = lattice(given_, [JANUARY + 11], SMALL)
    hidden = np.array(data.draw(st.lists(st.booleans(), min_size=len(made.value), max_size=len(made.value))))
    blocks, where = connected(made.families, hidden), regions(made, 6, 6, SMALL)
    for block in np.unique(blocks[hidden]):
        assert len(np.unique(where[blocks == block])) == 1


# --- what is hidden


@given(given_=some_counts())
@settings(max_examples=15, deadline=None)
def test_no_hidden_count_is_told_within_k(given_: Counts) -> None:
    made = lattice(given_, [JANUARY + 11], SMALL)
    found = suppress(made, K, np.random.default_rng(1), views=SMALL)
    assert not len(found.unsafe)
    assert found.hidden[made.value < K].all()
    low, high = exact_bounds(made.families, made.value, found.hidden)
    assert (high - low)[found.hidden].min(initial=K) >= K - 1e-6


@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_no_whole_number_is_told_within_k_either(data: Any) -> None:
    """An attacker who also knows that counts are whole, by every table that there is, on two by three cells."""
    cells, months = (LEAVES[0][0], LEAVES[1][0]), 3
    table = np.array(data.draw(st.lists(st.integers(0, 5), min_size=6, max_size=6))).reshape(2, 3)
    rows = [(cells[i], j, 0, 0, int(table[i, j])) for i in range(2) for j in range(months) if table[i, j]]
    if not rows:
        return
    views = (View(6, True, False), View(7, True, False), View(6, False, False), View(7, False, False))
    made = lattice(counts(rows), [JANUARY + 11], views)
    hidden = suppress(made, K, np.random.default_rng(1), views=views).hidden
    told: dict[tuple[int, ...], int] = {}
    secret: set[tuple[int, ...]] = set()
    for entry in range(len(made.value)):
        i = [n for n in range(2) if made.cell[entry] in (TOP, SEVENS[n])]
        j = [int(made.period[entry]) - JANUARY] if made.period[entry] > JANUARY - 1 else list(range(months))
        mask = tuple(a * months + b for a in i for b in j)
        if hidden[entry]:
            secret.add(mask)
        else:
            told[mask] = int(made.value[entry])
    # every table of whole numbers up to 10 that is empty where this one is
    possible = np.stack(np.meshgrid(*(np.arange(11 if v else 1) for v in table.ravel()), indexing="ij"), axis=-1)
    possible = possible.reshape(-1, table.size)
    for mask, total in told.items():
        possible = possible[possible[:, mask].sum(axis=1) == total]
    for mask in secret:
        seen = possible[:, mask].sum(axis=1)
        assert seen.max() - seen.min() >= K, (table, mask)


@given(given_=some_counts(releases=3))
@settings(max_examples=15, deadline=None)
def test_releases_one_after_the_other_give_nothing_away(given_: Counts) -> None:
    """Each sees only what was there; the last attack knows every number of every release."""
    through = [JANUARY + 1, JANUARY + 11, JANUARY + 11]
    told: dict[tuple[int, ...], bool] = {}
    for release in range(3):
        made = lattice(given_.where(given_.release <= release), through[: release + 1], SMALL)
        names = [tuple(key) for key in made.keys.tolist()]
        shown = np.array([told.get(name, False) for name in names], dtype=bool)
        kept_back = np.array([not told.get(name, True) for name in names], dtype=bool)
        found = suppress(made, K, np.random.default_rng(1), shown=shown, kept_back=kept_back, views=SMALL)
        assert not len(found.unsafe)
        assert not found.hidden[shown].any()
        assert found.hidden[kept_back].all()
        told |= {name: not hidden for name, hidden in zip(names, found.hidden.tolist(), strict=True)}
        low, high = exact_bounds(made.families, made.value, found.hidden)
        # a count of at least k that adds up from what was told before is no secret any more
        secret = found.hidden & ~((made.value >= K) & (high - low < 1e-6))
        assert (high - low)[secret].min(initial=K) >= K - 1e-6


def test_hiding_small_counts_alone_is_broken() -> None:
    """The test of this file can fail: subtraction finds what a naive scheme hides."""
    rng = np.random.default_rng(7)
    rows = [(int(rng.choice(SOME)), *rng.integers((12, 3)).tolist(), 0, int(rng.integers(1, 9))) for _ in range(80)]
    made = lattice(counts(rows), [JANUARY + 11], SMALL)
    naive = made.value < K
    broken = Attack(made.families, made.value).exact(naive, K)
    low, high = exact_bounds(made.families, made.value, naive)
    assert len(broken) == (high - low < K - 1e-6)[naive].sum() > 0
    better = suppress(made, K, np.random.default_rng(1), views=SMALL).hidden
    assert not len(Attack(made.families, made.value).exact(better, K))


def test_families_without_the_city() -> None:
    views = (View(0, True, False), *SMALL)
    made = lattice(counts([(SOME[0], 0, 0, 0, 9), (SOME[-1], 3, 1, 0, 9)]), [JANUARY + 11], views)
    inner = without(made.families, made.cell == 0)
    assert inner.shape[0] == made.families.shape[0] - 1
    assert not inner[:, np.flatnonzero(made.cell == 0)].count_nonzero()
