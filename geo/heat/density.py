"""Kernel density of cases over a city: binned, convolved by FFT, and corrected for what lies beyond the city's edge."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from geo.errors import InvalidInput
from geo.heat.kernels import Kernel
from geo.heat.raster_grid import RasterGrid

Edge = Literal["diggle", "uniform", "none"]

_M2_A_KM2: Final = 1e6
_BLOCK: Final = 65_536


@dataclass(frozen=True)
class Density:
    """Cases per km2.

    Attributes
    ----------
    values : (rows, columns) array of float32
        Mean of each cell; NaN where the cell's middle lies outside of the city.
    counted : float
        Weight of the points that went in; with ``edge="diggle"`` the sum of the values times the cell's km2.
    left_out : float
        Weight of those that lie beyond the city's outermost cells.
    """

    values: NDArray[np.float32]
    counted: float
    left_out: float


def kernel_density(
    x: ArrayLike,
    y: ArrayLike,
    grid: RasterGrid,
    inside: NDArray[np.bool_],
    kernel: Kernel,
    bandwidth_m: float,
    *,
    weights: ArrayLike | None = None,
    edge: Edge = "diggle",
) -> Density:
    """Density of points in a city.

    Parameters
    ----------
    x, y : (n,) array_like of float
        Metres.
    grid : RasterGrid
        Where the density is wanted.
    inside : (rows, columns) array of bool
        Cells of the city, `RasterGrid.inside`: for the edge, the city is what they cover.
    kernel : Kernel
        Its shape.
    bandwidth_m : float
        Its standard deviation along an axis.
    weights : (n,) array_like of float, optional
        Cases that a point stands for; 1 when not given.
    edge : str
        ``diggle`` (default) divides each case by the mass of its kernel inside the city, so that every case counts
        as one whole case inside and the map adds up to the cases. ``uniform`` divides the density at each place by
        the mass of the kernel around that place, which is unbiased where cases are evenly spread but doesn't add up.
        ``none`` leaves the density too low along the border.

    Returns
    -------
    Density

    Raises
    ------
    InvalidInput
        When the bandwidth isn't above 0.

    Notes
    -----
    Cells are cut finer until the bandwidth has as many of them as the kernel needs, and a cell's value is the mean of
    its parts. A point goes to the four neighbours of its cell: with d its offset from the middle along an axis, a
    quarter + d / 2 of it to the one after and a quarter - d / 2 to the one before. Mass and mean place are exact and
    no share is negative; the variance grows by 1/2 - d2 squared cells, in the mean by 5/12, which the kernel is
    narrowed by. What remains is at most a sixth of a squared cell for one point, below 0.3 % of a Gaussian's peak at
    ten cells a bandwidth, and next to nothing for many. The convolution is exact, since its grid is padded by the
    kernel's radius. Single precision keeps seven digits of the peak.

    References
    ----------
    P. J. Diggle, A kernel method for smoothing point process data, Applied Statistics 34, 1985.
    M. C. Jones, Simple boundary correction for kernel density estimation, Statistics and Computing 3, 1993.
    """
    if not bandwidth_m > 0 or not math.isfinite(bandwidth_m):
        raise InvalidInput("density.bandwidth-number", bandwidth=bandwidth_m)
    parts = max(1, math.ceil(kernel.cells * grid.cell_m / bandwidth_m - 1e-9))
    fine = grid.finer(parts)
    ground, near = (_cut(cells, parts) for cells in (inside, _grown(inside)))
    mass, counted, left_out = _binned(x, y, weights, fine, near)
    smooth = _Convolution(fine, kernel, bandwidth_m)
    if edge != "none":
        share = smooth(ground.astype(np.float32))
    if edge == "diggle":
        np.divide(mass, share, out=mass, where=mass != 0)
    values = smooth(mass)
    if edge == "uniform":
        np.divide(values, share, out=values, where=ground)
    if parts > 1:
        values = values.reshape(grid.rows, parts, grid.columns, parts).mean(axis=(1, 3), dtype=np.float32)
    # rounding of the transforms leaves a last digit on either side of nothing
    np.maximum(values, 0, out=values)
    values *= np.float32(_M2_A_KM2 / fine.cell_m**2)
    values[~inside] = np.nan
    return Density(values, counted, left_out)


def _binned(
    x: ArrayLike, y: ArrayLike, weights: ArrayLike | None, grid: RasterGrid, near: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], float, float]:
    """Weight that each cell gets, weight of all that count, and of those away from the city.

    Three sums over the points of each cell (how many, and how far off its middle) say what its neighbours get.
    """
    xs, ys = np.asarray(x, dtype=float).ravel(), np.asarray(y, dtype=float).ravel()
    weight = None if weights is None else np.asarray(weights, dtype=float).ravel()
    flat = np.empty(len(xs), dtype=np.intp)
    across, down = np.empty(len(xs)), np.empty(len(xs))
    counts = near.ravel()
    used = np.empty(len(xs), dtype=bool)
    # a block at a time, so that what is in between stays in the processor's cache
    for start in range(0, len(xs), _BLOCK):
        block = slice(start, start + _BLOCK)
        column, row = (xs[block] - grid.west) * (1 / grid.cell_m), (grid.north - ys[block]) * (1 / grid.cell_m)
        held = (column >= 0) & (column < grid.columns) & (row >= 0) & (row < grid.rows)
        if not held.all():
            column, row = np.where(held, column, 0), np.where(held, row, 0)
        whole, lower = column.astype(np.intp), row.astype(np.intp)
        column -= 0.5
        row -= 0.5
        np.subtract(column, whole, out=across[block])
        np.subtract(row, lower, out=down[block])
        lower *= grid.columns
        np.add(lower, whole, out=flat[block])
        np.logical_and(held, counts.take(flat[block]), out=used[block])
    total = float(len(xs) if weight is None else weight.sum())
    if not used.all():
        flat, across, down = flat[used], across[used], down[used]
        weight = None if weight is None else weight[used]
    counted = float(len(flat) if weight is None else weight.sum())
    if weight is not None:
        across *= weight
        down *= weight

    def summed(values: NDArray[np.float64] | None) -> NDArray[np.float32]:
        return np.bincount(flat, values, counts.size).reshape(near.shape).astype(np.float32)

    return _shared(summed(weight), summed(down), summed(across)), counted, total - counted


def _shared(
    mass: NDArray[np.float32], down: NDArray[np.float32], across: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What the four neighbours of each cell get of it; over the edge of the grid nothing leaves.

    Parameters
    ----------
    mass, down, across : (rows, columns) arrays of float32
        Weight of each cell, and its offsets from the middle times weight. They are used up.
    """
    rows, columns = mass.shape
    framed = np.zeros((rows + 2, columns + 2), dtype=np.float32)
    for part, factor in ((mass, 0.25), (down, 0.5), (across, 0.5)):
        part *= np.float32(factor)
    piece = mass + across
    framed[1:-1, 2:] += piece
    framed[1:-1, :-2] += np.subtract(mass, across, out=piece)
    framed[2:, 1:-1] += np.add(mass, down, out=piece)
    framed[:-2, 1:-1] += np.subtract(mass, down, out=piece)
    framed[1] += framed[0]
    framed[-2] += framed[-1]
    framed[:, 1] += framed[:, 0]
    framed[:, -2] += framed[:, -1]
    return np.ascontiguousarray(framed[1:-1, 1:-1])


def _grown(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells and their eight neighbours: a case on the border may lie in a cell whose middle is outside."""
    framed = np.pad(cells, 1)
    rows = framed[:-2] | framed[1:-1] | framed[2:]
    return rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]


def _cut(cells: NDArray[np.bool_], parts: int) -> NDArray[np.bool_]:
    """Each cell as ``parts`` x ``parts`` of them."""
    return cells if parts == 1 else cells.repeat(parts, axis=0).repeat(parts, axis=1)


class _Convolution:
    """Sums of a kernel's values over the cells of a grid, each value as the share of the kernel in a cell."""

    def __init__(self, grid: RasterGrid, kernel: Kernel, bandwidth_m: float) -> None:
        # less what binning adds to the variance, see kernel_density
        spread = math.sqrt(bandwidth_m**2 - 5 / 12 * grid.cell_m**2)
        self._shape = (grid.rows, grid.columns)
        reach = math.ceil(kernel.radius_m(spread) / grid.cell_m)
        self._padded = tuple(int(fft.next_fast_len(size + reach, real=True)) for size in self._shape)
        axes = [_offsets(size, min(reach, size // 2)) * grid.cell_m for size in self._padded]
        if kernel.power is None:
            down, across = (_unit(kernel.values(axis**2, spread)) for axis in axes)
            self._factors: tuple[NDArray[np.float32], ...] = (
                fft.fft(down).real.astype(np.float32)[:, None],
                fft.rfft(across).real.astype(np.float32)[None, :],
            )
        else:
            whole = _unit(kernel.values(axes[0][:, None] ** 2 + axes[1][None, :] ** 2, spread))
            self._factors = (fft.rfft2(whole.astype(np.float32)).real,)

    def __call__(self, field: NDArray[np.float32]) -> NDArray[np.float32]:
        transformed = fft.rfft2(field, self._padded, overwrite_x=False)
        for factor in self._factors:
            transformed *= factor
        rows, columns = self._shape
        smoothed: NDArray[np.float32] = fft.irfft2(transformed, self._padded, overwrite_x=True)[:rows, :columns]
        return np.ascontiguousarray(smoothed)


def _offsets(size: int, reach: int) -> NDArray[np.float64]:
    """Offsets in cells along a padded axis, 0 first and those before it at the end; infinite beyond the reach."""
    offsets = fft.fftfreq(size, 1 / size)
    return np.where(np.abs(offsets) <= reach, offsets, np.inf)


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values that add up to 1."""
    return values / values.sum()
