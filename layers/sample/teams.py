"""Names, people, teams and party organisations of the sample city's grids."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_DIGITS = "零一二三四五六七八九"


def chinese_number(number: int) -> str:
    """A number from 1 to 99 in Chinese.

    >>> [chinese_number(n) for n in (1, 10, 12, 20, 35)]
    ['一', '十', '十二', '二十', '三十五']
    """
    tens, ones = divmod(number, 10)
    words = "" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十"
    return words + (_DIGITS[ones] if ones else "")


def social_names(villages: list[str], serials: Ints) -> list[str]:
    """Names such as 国庆新村第一网格, from the villages' short names and the serials."""
    return [f"{village}第{chinese_number(int(serial))}网格" for village, serial in zip(villages, serials, strict=True)]


def dedicated_names(villages: list[str], purposes: list[str], serials: Ints) -> list[str]:
    """Names such as 西街学校专属网格; several of one purpose in a village are told apart by number, in their order."""
    names = [f"{village}{purpose}" for village, purpose in zip(villages, purposes, strict=True)]
    alike = pd.Series(names).groupby(names)
    size = alike.transform("size").to_numpy()
    rank = pd.Series(np.asarray(serials)).groupby(names).rank(method="first").to_numpy().astype(int)
    return [
        f"{name}{f'第{chinese_number(place)}' if many > 1 else ''}专属网格"
        for name, many, place in zip(names, size.tolist(), rank.tolist(), strict=True)
    ]


def teams(names: list[str], population: Ints, rng: np.random.Generator) -> pd.DataFrame:
    """The five roles of each grid's team as numbers, and its party organisation.

    Parameters
    ----------
    names : list of str, length N
    population : ndarray, shape (N,)
    rng : numpy Generator

    Returns
    -------
    DataFrame
        ``leaders`` (网格长, one), ``members`` (网格员, one for about 700 people, at least one), ``info_managers``,
        ``instructors``, ``volunteers``, ``party_organisation``.
    """
    count = len(names)
    members = 1 + population // 700
    branch = np.where(population >= 600, "党支部", "党小组")
    return pd.DataFrame({
        "leaders": np.ones(count, dtype=np.int64),
        "members": members,
        "info_managers": np.ones(count, dtype=np.int64),
        "instructors": rng.integers(1, 3, count),
        "volunteers": 2 + rng.poisson(2 + population / 250),
        "party_organisation": [name + word for name, word in zip(names, branch.tolist(), strict=True)],
    })
