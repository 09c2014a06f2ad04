"""What a client asks of the density: kernel, bandwidth, edge and period, read once for every representation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, get_args

from geo.errors import InvalidInput
from geo.heat.density import Edge
from geo.heat.kernels import kernel_named
from layers.features.moments import Period, parse_period

KINDS: Final = ("class_code", "type_code", "channel")
"""Which cases, for staff alone: what was released is of all of them together."""
PARAMETERS: Final = ("kernel", "bandwidth", "edge", "datetime", *KINDS)
AUTO: Final = "auto"
DEFAULT_KERNEL: Final = "quartic"
DEFAULT_BANDWIDTH_M: Final = 500.0
LEAST_BANDWIDTH_M: Final = 200.0
"""Finer maps show single houses; and each halving takes four times the work."""
GREATEST_BANDWIDTH_M: Final = 5_000.0


@dataclass(frozen=True)
class DensityRequest:
    """A density map as it was asked for.

    Attributes
    ----------
    kernel : str
        Name of one of `geo.heat.kernels.KERNELS`.
    bandwidth_m : float or None
        Its standard deviation along an axis, metres; None for one that follows from the cases.
    edge : str
        Correction at the city's edge, see `geo.heat.density.kernel_density`.
    period : Period or None
        Of which cases; None for all.
    class_code, type_code, channel : str or None
        Of which cases, as case heat names them; None for all.
    """

    kernel: str = DEFAULT_KERNEL
    bandwidth_m: float | None = DEFAULT_BANDWIDTH_M
    edge: Edge = "diggle"
    period: Period | None = None
    class_code: str | None = None
    type_code: str | None = None
    channel: str | None = None

    @cached_property
    def text(self) -> str:
        """All of it in one line, the same for the same map."""
        ends = (None, None) if self.period is None else (self.period.start, self.period.end)
        period = "/".join(".." if end is None else end.isoformat() for end in ends)
        bandwidth = AUTO if self.bandwidth_m is None else f"{self.bandwidth_m:g}"
        return f"{self.kernel} {bandwidth} {self.edge} {period}" + "".join(
            f" {name}={value!r}" for name, value in self.kinds.items()
        )

    @property
    def kinds(self) -> dict[str, str]:
        """Which cases, by the names of `KINDS` that were given."""
        return {name: value for name in KINDS if (value := getattr(self, name)) is not None}


def parse_density_request(params: Mapping[str, str]) -> DensityRequest:
    """Read the parameters that choose a density map; others are left to who reads what is drawn of it.

    Raises
    ------
    InvalidInput
        Naming the parameter, its value and what it takes.
    """
    edge: Edge = "diggle"
    for known in get_args(Edge):
        edge = known if params.get("edge") == known else edge
    if params.get("edge", edge) != edge:
        raise InvalidInput("query.value", parameter="edge", value=params["edge"][:40], wanted=", ".join(get_args(Edge)))
    return DensityRequest(
        kernel=kernel_named(params.get("kernel", DEFAULT_KERNEL)).name,
        bandwidth_m=_bandwidth(params["bandwidth"]) if "bandwidth" in params else DEFAULT_BANDWIDTH_M,
        edge=edge,
        period=parse_period(params["datetime"]) if "datetime" in params else None,
        **{name: params[name] for name in KINDS if params.get(name, "all") != "all"},
    )


def nearest_bandwidth(metres: float) -> float:
    """The bandwidth nearest to one that there may be; whole metres, so that two who mean the same share one map."""
    return float(round(min(max(metres, LEAST_BANDWIDTH_M), GREATEST_BANDWIDTH_M)))


def _bandwidth(text: str) -> float | None:
    if text == AUTO:
        return None
    try:
        metres = float(text)
    except ValueError:
        metres = math.nan
    if not LEAST_BANDWIDTH_M <= metres <= GREATEST_BANDWIDTH_M:
        raise InvalidInput(
            "density.bandwidth", bandwidth=text[:40], least=f"{LEAST_BANDWIDTH_M:g}", most=f"{GREATEST_BANDWIDTH_M:g}"
        )
    return nearest_bandwidth(metres)
