"""Widths of shapes whose widest circle is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from shapely.affinity import rotate

from geo.coverage.width import width_m


@pytest.mark.parametrize("angle", [0, 30, 45])
def test_width_of_known_shapes(angle: float) -> None:
    shapes = [
        shapely.box(0, 0, 1000, 0.01),
        shapely.box(0, 0, 30, 20),
        shapely.Point(0, 0).buffer(7, quad_segs=64),
        shapely.Polygon([(0, 0), (30, 0), (0, 40)]),
        shapely.box(0, 0, 10, 10) - shapely.box(2, 2, 8, 8),
        shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 9, 9)]),
        shapely.Polygon(),
    ]
    turned = np.array([rotate(shape, angle) if not shape.is_empty else shape for shape in shapes])
    # the widest circle in the corner of the frame touches both outer sides and the inner corner
    corner = 2 * 2 * math.sqrt(2) / (1 + math.sqrt(2))
    assert width_m(turned) == pytest.approx([0.01, 20, 14, 20, corner, 4, 0], rel=0.01)
