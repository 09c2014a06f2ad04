"""Social-governance and dedicated grids of the sample city, grown inside its villages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from geo.tessellation.growth import grow
from layers.sample.ground import Ground

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SOCIAL, DEDICATED = 1186, 226

#: Kinds of dedicated grids with the Chinese word of their names, how many, and whether they like towns (1) or not (-1).
PURPOSES = (
    ("学校", 62, 1.0),
    ("企业", 54, 0.2),
    ("农贸市场", 32, 1.0),
    ("医院", 24, 1.0),
    ("工业园区", 22, 0.0),
    ("商圈", 14, 1.5),
    ("建筑工地", 10, 0.7),
    ("景区", 8, -0.5),
)
#: Faces that a dedicated grid takes, by purpose: from, to.
_FACES = {"工业园区": (4, 9), "景区": (4, 9), "企业": (2, 5)}


@dataclass(frozen=True, eq=False)
class GridFaces:
    """Faces of the grids.

    Attributes
    ----------
    social : ndarray, shape (F,)
        Social grid of each face, 0 to 1185.
    village : ndarray, shape (1186,)
        Village (index) of each social grid.
    dedicated : ndarray, shape (F,)
        Dedicated grid of each face, 0 to 225, or -1.
    host : ndarray, shape (226,)
        Social grid that each dedicated grid lies in.
    purpose : list of str, length 226
    """

    social: Ints
    village: Ints
    dedicated: Ints
    host: Ints
    purpose: list[str]


def draw_grids(ground: Ground, village: Ints, villages: int, rng: np.random.Generator) -> GridFaces:
    """Share the social grids among the villages, grow them, and set dedicated grids into some of them.

    Parameters
    ----------
    ground : Ground
    village : ndarray, shape (F,)
        Village of each face.
    villages : int
        Their number.
    rng : numpy Generator
    """
    counts = apportion(np.bincount(village, ground.grids, villages), SOCIAL, at_least=1)
    # No more grids than a village has room for: six faces each.
    room = np.maximum(np.bincount(village, minlength=villages) // 6, 1)
    counts = np.minimum(counts, room)
    counts += apportion((room - counts).astype(float), SOCIAL - int(counts.sum()), at_least=0)
    owner = np.repeat(np.arange(villages), counts)
    held = np.full(len(ground.mesh), -1, dtype=np.int64)
    first = np.concatenate(([0], np.cumsum(counts)))
    for number in range(villages):
        faces = np.flatnonzero(village == number)
        sites = faces[_spread(ground.mesh.centres[faces], int(counts[number]), rng)]
        held[sites] = np.arange(first[number], first[number + 1])
    wanted = rng.uniform(0.75, 1.3, SOCIAL)
    mass = np.bincount(village, ground.grids, villages)
    wanted *= (mass / np.bincount(owner, wanted, villages))[owner]
    inside = village[ground.pairs[:, 0]] == village[ground.pairs[:, 1]]
    social = grow(ground.pairs[inside], ground.costs[inside], held, ground.grids, wanted)
    dedicated, host, purpose = _set_in(ground, social, rng)
    return GridFaces(social, owner, dedicated, host, purpose)


def apportion(weights: Floats, total: int, at_least: int) -> Ints:
    """Whole numbers with an exact sum, as near to the weights as can be (largest remainders).

    Parameters
    ----------
    weights : ndarray, shape (N,)
        Not negative.
    total : int
        ``N * at_least`` or more.
    at_least : int
        Given to each beforehand.

    Examples
    --------
    >>> apportion(np.array([1.0, 2.0, 3.0]), 10, at_least=1).tolist()
    [2, 3, 5]
    """
    rest = total - at_least * len(weights)
    if rest < 0:
        raise ValueError(f"{total} can't give {at_least} to each of {len(weights)}")
    if rest == 0:
        return np.full(len(weights), at_least, dtype=np.int64)
    exact = np.maximum(weights / weights.sum() * total - at_least, 0)
    exact *= rest / exact.sum()
    whole = np.floor(exact).astype(np.int64)
    order = np.lexsort((np.arange(len(weights)), whole - exact))
    whole[order[: rest - int(whole.sum())]] += 1
    return np.asarray(whole + at_least)


def _spread(centres: Floats, count: int, rng: np.random.Generator) -> Ints:
    """Faces (indices) near the middles of ``count`` clusters, all different."""
    means = centres.mean(axis=0)[None]
    if count > 1:
        start = centres[rng.choice(len(centres), count, replace=False)]
        means, _ = kmeans2(centres, start, iter=8, minit="matrix")
    chosen: list[int] = []
    for mean in means:
        order = np.hypot(*(centres - mean).T).argsort()
        chosen.append(next(int(face) for face in order if face not in chosen))
    return np.array(chosen, dtype=np.int64)


def _set_in(ground: Ground, social: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, list[str]]:
    """Connected groups of faces, each inside one social grid and smaller than half of it, apart from each other."""
    size = np.bincount(social, minlength=SOCIAL)
    density = np.bincount(social, ground.people, SOCIAL) / np.bincount(social, ground.mesh.areas, SOCIAL)
    town = np.log(density / np.median(density))
    inside = social[ground.pairs[:, 0]] == social[ground.pairs[:, 1]]
    both = np.concatenate((ground.pairs[inside], ground.pairs[inside][:, ::-1]))
    both = both[both[:, 0].argsort(kind="stable")]
    start = np.searchsorted(both[:, 0], np.arange(len(social) + 1))
    dedicated = np.full(len(social), -1, dtype=np.int64)
    hosts: list[int] = []
    purposes: list[str] = []
    taken = np.zeros(SOCIAL, dtype=bool)
    for purpose, count, liking in PURPOSES:
        chance = np.where(taken | (size < 8), 0.0, np.exp(liking * town))
        for host in np.sort(rng.choice(SOCIAL, count, replace=False, p=chance / chance.sum())):
            low, high = _FACES.get(purpose, (1, 4))
            want = int(min(rng.integers(low, high + 1), size[host] // 2 - 1))
            group = [int(rng.choice(np.flatnonzero(social == host)))]
            while len(group) < want:
                around = np.concatenate([both[start[face] : start[face + 1], 1] for face in group])
                around = around[~np.isin(around, group)]
                # the neighbour that most of the group touches keeps the shape round
                faces, touching = np.unique(around, return_counts=True)
                group.append(int(faces[touching.argmax()]))
            dedicated[group] = len(hosts)
            hosts.append(int(host))
            purposes.append(purpose)
        taken[hosts] = True
    return dedicated, np.array(hosts, dtype=np.int64), purposes
