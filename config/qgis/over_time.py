"""The layers that a project shows over time: what QGIS's temporal controller moves over.

QGIS's OGC API - Features provider asks for a layer without a parameter, and is answered with the grids of today and the
heat of all time: nothing that a slider could choose from. So these layers come as files of features that carry the days
for which they hold, which every QGIS from 3.22 on opens by its GDAL and filters by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit
from xml.etree.ElementTree import Element, SubElement

from layers.catalogue.layer import Layer

_INSTANT, _START_AND_END, _EXPRESSIONS = "1", "2", "4"
"""QGIS's numbers of the ways to tell time."""

_SLID: Final = ("cases", "grid-lineage")
"""Layers whose rows of every time come in any case, each with its moment."""


@dataclass(frozen=True)
class OverTime:
    """One layer over time.

    Attributes
    ----------
    layer_id : str
        The layer of the catalogue that it shows.
    query : str
        What asks for every row with its days, encoded as in an address.
    title : str
        Key of the text that names it.
    start, end : str
        Expressions of QGIS for when a row begins to hold and when it no longer does. Two fields would do, were it not
        that GDAL 3.6 fails to compare a day that is null, and so drops what holds until today.
    """

    layer_id: str
    query: str
    title: str
    start: str
    end: str


OVER_TIME: Final = (
    # until next month rather than for ever: the controller's range is from the first start to the last end
    OverTime(
        "grids", "datetime=../..", "qgis.grids-over-time",
        '"valid_from"', "coalesce(\"valid_to\", now() + to_interval('1 month'))",
    ),
    # resolution 7: a file of 20 months then has thousands of cells and not tens of thousands
    OverTime(
        "case-heat", "filter=month%20IS%20NOT%20NULL&resolution=7", "qgis.heat-over-time",
        '"first_day"', "to_datetime(\"last_day\") + to_interval('1 day')",
    ),
)  # fmt: skip


def file_of(shown: OverTime, base_url: str, key: str | None) -> str:
    """Address of the file as GDAL streams it.

    Parameters
    ----------
    shown : OverTime
    base_url : str
        Root of the service.
    key : str, optional
        Written into the address; without one the file has what the public sees.

    Examples
    --------
    >>> file_of(OVER_TIME[0], "http://127.0.0.1:5000", None)
    '/vsicurl_streaming/http://127.0.0.1:5000/collections/grids/items?datetime=../..&f=fgb'
    """
    parts = urlsplit(base_url)
    if key is not None:
        parts = parts._replace(netloc=f"wangge:{quote(key, safe='')}@{parts.netloc}")
    return f"/vsicurl_streaming/{urlunsplit(parts)}/collections/{shown.layer_id}/items?{shown.query}&f=fgb"


def temporal(root: Element, layer: Layer, over_time: OverTime | None) -> None:
    """Tell what the temporal controller filters by.

    Parameters
    ----------
    root : Element
        ``maplayer``, which is added to.
    layer : Layer
    over_time : OverTime or None
        Where the rows of every day are there. Of those of today alone a slider would make a map full of holes, so
        there it is left switched off, for people to switch on.
    """
    if not layer.time:
        return
    start, end = layer.time[0], layer.time[1] if len(layer.time) > 1 else ""
    mode = _EXPRESSIONS if over_time else _START_AND_END if end else _INSTANT
    SubElement(
        root, "temporal", enabled="1" if over_time or layer.id in _SLID else "0", mode=mode,
        startField=start, endField=end, startExpression=over_time.start if over_time else "",
        endExpression=over_time.end if over_time else "", durationUnit="min", fixedDuration="0", accumulate="0",
        limitMode="0",
    )  # fmt: skip


def time_settings(root: Element) -> None:
    """A step of a month for the controller; over which days it goes QGIS finds in the layers."""
    SubElement(
        root, "ProjectTimeSettings", timeStepUnit="mon", timeStep="1", frameRate="1", cumulativeTemporalRange="0"
    )
