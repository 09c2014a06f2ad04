"""A small reader of Mapbox Vector Tiles 2.1, written from the specification, so that tests need no package for it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import shapely

Part = tuple[int, int, Any]


@dataclass(frozen=True)
class TileFeature:
    """One feature of a tile: id, properties, and geometry in the tile's units, y downwards."""

    id: int | None
    properties: dict[str, Any]
    geometry: shapely.Geometry


@dataclass(frozen=True)
class TileLayer:
    """One layer of a tile."""

    name: str
    extent: int
    features: list[TileFeature]


def read_tile(data: bytes) -> dict[str, TileLayer]:
    """Layers of a tile by name."""
    layers = [_layer(bytes(value)) for number, _, value in _parts(data) if number == 3]
    return {layer.name: layer for layer in layers}


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7


def _parts(data: bytes) -> Iterator[Part]:
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        kind = key & 7
        value: Any
        if kind == 0:
            value, place = _varint(data, place)
        else:
            length = {1: 8, 5: 4}.get(kind)
            if length is None:
                length, place = _varint(data, place)
            value, place = data[place : place + length], place + length
        yield key >> 3, kind, value


def _numbers(data: bytes) -> list[int]:
    numbers, place = [], 0
    while place < len(data):
        number, place = _varint(data, place)
        numbers.append(number)
    return numbers


def _signed(number: int) -> int:
    return (number >> 1) ^ -(number & 1)


def _value(data: bytes) -> Any:
    number, _, value = next(_parts(data))
    if number == 1:
        return value.decode()
    if number in (2, 3):
        return struct.unpack("<f" if number == 2 else "<d", value)[0]
    if number == 6:
        return _signed(value)
    return {4: value - (value >> 63 << 64), 5: value, 7: bool(value)}[number]


def _layer(data: bytes) -> TileLayer:
    name, extent, keys, values, raw = "", 4096, [], [], []
    for number, _, value in _parts(data):
        if number == 1:
            name = value.decode()
        elif number == 2:
            raw.append(value)
        elif number == 3:
            keys.append(value.decode())
        elif number == 4:
            values.append(_value(value))
        elif number == 5:
            extent = value
        elif number == 15:
            assert value == 2, "version of the tile"
    return TileLayer(name, extent, [_feature(part, keys, values) for part in raw])


def _feature(data: bytes, keys: list[str], values: list[Any]) -> TileFeature:
    id_, tags, kind, commands = None, [], 0, []
    for number, _, value in _parts(data):
        if number == 1:
            id_ = value
        elif number == 2:
            tags = _numbers(value)
        elif number == 3:
            kind = value
        elif number == 4:
            commands = _numbers(value)
    pairs = zip(tags[::2], tags[1::2], strict=True)
    return TileFeature(id_, {keys[key]: values[value] for key, value in pairs}, _geometry(kind, commands))


def _geometry(kind: int, commands: list[int]) -> shapely.Geometry:
    paths: list[list[tuple[int, int]]] = []
    x = y = place = 0
    while place < len(commands):
        command, count = commands[place] & 7, commands[place] >> 3
        place += 1
        if command == 7:
            paths[-1].append(paths[-1][0])
            continue
        for _ in range(count):
            x, y, place = x + _signed(commands[place]), y + _signed(commands[place + 1]), place + 2
            if command == 1:
                paths.append([])
            paths[-1].append((x, y))
    if kind == 1:
        return shapely.MultiPoint([path[0] for path in paths])
    if kind == 2:
        return shapely.MultiLineString(paths)
    # an exterior ring turns clockwise on the screen: its area is positive with y downwards
    polygons: list[tuple[Any, list[Any]]] = []
    for path in paths:
        ring = shapely.LinearRing(path)
        if shapely.is_ccw(ring):
            polygons.append((ring, []))
        else:
            polygons[-1][1].append(ring)
    return shapely.MultiPolygon([shapely.Polygon(outer, holes) for outer, holes in polygons])
