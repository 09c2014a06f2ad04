"""Kernels of a density: how the weight of one case falls off with the distance from it, and their share in a city."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.special import owens_t

from geo.errors import InvalidInput

_GAUSSIAN_REACH: Final = 5.0
"""Standard deviations after which a Gaussian counts as nothing: less than 4e-6 of its mass lies beyond."""


@dataclass(frozen=True)
class Kernel:
    """A round kernel of mass 1 in the plane.

    Every kernel is scaled by its standard deviation along an axis, the bandwidth h, so that maps of different kernels
    and of one bandwidth are equally smooth. With u = r / R, where the radius R = h sqrt(2 p + 4):

    ============ === ==========================================
    gaussian      -  exp(-r2 / (2 h2)) / (2 pi h2), without end
    epanechnikov  1  2 (1 - u2) / (pi R2)
    quartic       2  3 (1 - u2)^2 / (pi R2), also called biweight
    triweight     3  4 (1 - u2)^3 / (pi R2)
    ============ === ==========================================

    Attributes
    ----------
    name : str
        As clients write it.
    power : int or None
        p above; None for the Gaussian.
    cells : int
        Least bandwidth in cells of a grid that sums it to 0.3 % of its peak. The Epanechnikov kernel ends in a kink,
        which takes three times as many as a smooth one.

    References
    ----------
    B. W. Silverman, Density Estimation for Statistics and Data Analysis, 1986, section 4.2.
    """

    name: str
    power: int | None
    cells: int = 10

    def radius_m(self, bandwidth_m: float) -> float:
        """Distance in metres from which on the kernel is nothing; for the Gaussian, next to nothing."""
        if self.power is None:
            return _GAUSSIAN_REACH * bandwidth_m
        return bandwidth_m * math.sqrt(2 * self.power + 4)

    def values(self, squared_m2: ArrayLike, bandwidth_m: float) -> NDArray[np.float64]:
        """Density per m2 of one case at squared distances in m2; same shape."""
        squared = np.asarray(squared_m2, dtype=float)
        if self.power is None:
            return np.exp(-0.5 * squared / bandwidth_m**2) / (2 * math.pi * bandwidth_m**2)
        radius2 = self.radius_m(bandwidth_m) ** 2
        return (self.power + 1) / (math.pi * radius2) * np.clip(1 - squared / radius2, 0, None) ** self.power

    def mass_inside(
        self, x: ArrayLike, y: ArrayLike, city: shapely.Geometry, bandwidth_m: float
    ) -> NDArray[np.float64]:
        """Share of the kernel of each place that lies in a polygon, exactly.

        Parameters
        ----------
        x, y : (n,) array_like of float
            Metres.
        city : Polygon or MultiPolygon
            Metres, valid.
        bandwidth_m : float
            Above 0.

        Returns
        -------
        (n,) array of float
            0 to 1.

        Notes
        -----
        Each edge and the place span a triangle, with a sign. In it the kernel's mass is the integral, over the angle t
        from the perpendicular, of the mass within the distance d / cos t, divided by 2 pi: for the Gaussian that is
        Owen's T (D. B. Owen, Annals of Mathematical Statistics 27, 1956); for the others a polynomial in 1 / cos t,
        cut off where the edge leaves the radius.
        """
        px, py = np.asarray(x, dtype=float).ravel(), np.asarray(y, dtype=float).ravel()
        mass = np.zeros(len(px))
        for ring in _rings(city):
            for (ax, ay), (bx, by) in zip(ring[:-1].tolist(), ring[1:].tolist(), strict=True):
                mass += self._triangle(ax - px, ay - py, bx - px, by - py, bandwidth_m)
        return np.clip(mass, 0, 1)

    def _triangle(
        self,
        ax: NDArray[np.float64],
        ay: NDArray[np.float64],
        bx: NDArray[np.float64],
        by: NDArray[np.float64],
        h: float,
    ) -> NDArray[np.float64]:
        """Signed mass of the triangles of the origin and an edge from a to b."""
        length = np.hypot(bx - ax, by - ay)
        twice = ax * by - ay * bx
        if not length.any():
            return np.zeros_like(twice)
        ux, uy = (bx - ax) / length, (by - ay) / length
        distance = np.abs(twice) / length
        near = np.maximum(distance, 1e-9 * length)
        first, last = (ax * ux + ay * uy) / near, (bx * ux + by * uy) / near
        if self.power is None:
            angles = np.arctan(last) - np.arctan(first)
            part = angles / (2 * math.pi) - (owens_t(near / h, last) - owens_t(near / h, first))
        else:
            part = self._polynomial(near / self.radius_m(h), last) - self._polynomial(near / self.radius_m(h), first)
        return np.where(distance > 0, np.sign(twice) * part, 0.0)

    def _polynomial(self, near: NDArray[np.float64], tangent: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mass of a compact kernel from the perpendicular to the angle of a tangent; ``near`` in units of the radius.

        Within u of the place lie 1 - (1 - u2)^(p + 1). With u = near / cos t its binomial terms are even powers of
        1 / cos t, whose integrals are polynomials of the tangent.
        """
        power = self.power or 0
        beyond = np.sqrt(np.clip(1 / near**2 - 1, 0, None))
        cut = np.clip(tangent, -beyond, beyond)
        outside = np.arctan(tangent) - np.arctan(cut)
        inside = np.zeros_like(cut)
        for term in range(1, power + 2):
            sign = -((-1.0) ** term) * math.comb(power + 1, term)
            # the integral of (1 + s2)^(term - 1) ds, s the tangent
            integral = sum(math.comb(term - 1, k) * cut ** (2 * k + 1) / (2 * k + 1) for k in range(term))
            inside += sign * near ** (2 * term) * integral
        return (inside + outside) / (2 * math.pi)


def _rings(city: shapely.Geometry) -> list[NDArray[np.float64]]:
    """Rings with shells counter-clockwise and holes clockwise, so that signs add up."""
    turned = shapely.orient_polygons(city)
    return [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(turned))]


KERNELS: Final = {
    kernel.name: kernel
    for kernel in (
        Kernel("gaussian", None), Kernel("epanechnikov", 1, 30), Kernel("quartic", 2), Kernel("triweight", 3),
    )
}  # fmt: skip
"""Kernels by name."""


def kernel_named(name: str) -> Kernel:
    """The kernel of that name.

    Raises
    ------
    InvalidInput
        When there is none.
    """
    if name not in KERNELS:
        raise InvalidInput("density.kernel", kernel=name[:40], known=", ".join(KERNELS))
    return KERNELS[name]
