"""Files that GDAL reads, opened for reading: Shapefile, GeoPackage, GeoJSON, FlatGeobuf."""

from __future__ import annotations

import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from geo.errors import InvalidInput
from layers.loading.encoding import encoding_of_dbf
from layers.loading.source import BATCH, FORMATS, Batch
from layers.loading.source_crs import SourceCrs, crs_of_file

_SIBLINGS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")


class VectorFile:
    """A file that GDAL reads: Shapefile, GeoPackage, GeoJSON, FlatGeobuf; see `Source`.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str, optional
        Of a Shapefile's texts; found out when not given.
    prefer : tuple of str
        Names of the layer to take where a GeoPackage has several.
    """

    degrees_assumed = False

    def __init__(self, path: Path, *, encoding: str | None = None, prefer: Sequence[str] = ()) -> None:
        self._shown, self._held = path, ExitStack()
        self.format = FORMATS[path.suffix.lower()]
        self.encoding: str | None = None
        try:
            self._open(path, encoding, prefer)
        except BaseException:
            self._held.close()
            raise

    def _open(self, path: Path, encoding: str | None, prefer: Sequence[str]) -> None:
        if path.suffix.lower() == ".zip":
            folder = self._held.enter_context(tempfile.TemporaryDirectory(prefix="wangge-"))
            path = _unpack(path, Path(folder))
        self._path = path
        if self.format == "Shapefile":
            table = _sibling(path, ".dbf")
            self.encoding = encoding_of_dbf(table, encoding, _declared(path)) if table else None
        self._layer = self._choose(prefer)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                info = pyogrio.read_info(
                    self._path, layer=self._layer, encoding=self.encoding, force_feature_count=self.format != "GeoJSON"
                )
        except (DataSourceError, DataLayerError, UnicodeDecodeError, ValueError) as error:
            raise self._unreadable(error) from error
        self.columns: tuple[str, ...] = tuple(str(name) for name in info["fields"])
        self.rows: int = max(int(info["features"]), 0)
        self.crs: SourceCrs | None = crs_of_file(info["crs"])

    def _choose(self, prefer: Sequence[str]) -> str:
        try:
            found = [(str(name), kind) for name, kind in pyogrio.list_layers(self._path)]
        except (DataSourceError, DataLayerError) as error:
            raise self._unreadable(error) from error
        names = [name for name, kind in found if kind is not None] or [name for name, _ in found]
        if len(names) == 1:
            return names[0]
        wanted = [name for name in names if name.casefold() in {word.casefold() for word in prefer}]
        if len(wanted) == 1:
            return wanted[0]
        raise InvalidInput(
            "load.layers", file=self._shown.name, layers=", ".join(names), wanted=prefer[0] if prefer else ""
        )

    def _unreadable(self, error: Exception) -> InvalidInput:
        return InvalidInput(
            "load.unreadable", file=self._shown.name, format=self.format, reason=_reason(error, self._path)
        )

    def batches(self, columns: Sequence[str], size: int = BATCH) -> Iterator[Batch]:
        """Rows in the order of the file; see `Source`."""
        with warnings.catch_warnings():
            # What can't be taken is found and told row by row; GDAL's own remarks name neither row nor remedy.
            warnings.simplefilter("ignore")
            try:
                with pyogrio.open_arrow(
                    self._path,
                    layer=self._layer,
                    columns=list(columns),
                    encoding=self.encoding,
                    batch_size=size,
                    use_pyarrow=True,
                    datetime_as_string=True,
                ) as (meta, reader):
                    geometry = meta["geometry_name"] or "wkb_geometry"
                    row = 1
                    for batch in reader:
                        yield self._batch(batch, geometry, columns, row)
                        row += len(batch)
            except (DataSourceError, DataLayerError, UnicodeDecodeError, OSError) as error:
                raise self._unreadable(error) from error

    @staticmethod
    def _batch(batch: Any, geometry: str, columns: Sequence[str], row: int) -> Batch:
        names = batch.schema.names
        if geometry in names:
            shapes = np.array(batch.column(geometry).to_pylist(), dtype=object)
        else:
            shapes = np.full(len(batch), None, dtype=object)
        values = {name: batch.column(name).to_pylist() for name in columns}
        return Batch(range(row, row + len(batch)), values, shapely.from_wkb(shapes, on_invalid="ignore"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()


def _unpack(path: Path, folder: Path) -> Path:
    """The one Shapefile of a zip file under a name of ours: names inside may be in any encoding, or lead elsewhere."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [entry for entry in archive.infolist() if not entry.is_dir() and "__MACOSX" not in entry.filename]
            shapes = [entry.filename[:-4] for entry in members if entry.filename.lower().endswith(".shp")]
            if len(shapes) != 1:
                raise InvalidInput("load.zip", file=path.name, count=len(shapes))
            for entry in members:
                suffix = entry.filename[-4:].lower()
                if entry.filename[:-4] == shapes[0] and suffix in _SIBLINGS:
                    with archive.open(entry) as packed, (folder / f"layer{suffix}").open("wb") as file:
                        shutil.copyfileobj(packed, file)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise InvalidInput("load.unreadable", file=path.name, format="zip", reason=str(error)) from error
    return folder / "layer.shp"


def _sibling(path: Path, suffix: str) -> Path | None:
    """The file beside a Shapefile with another suffix, in whatever case."""
    return next(
        (found for found in (path.with_suffix(suffix), path.with_suffix(suffix.upper())) if found.is_file()), None
    )


def _declared(path: Path) -> str | None:
    """Encoding that the ``.cpg`` beside a Shapefile names."""
    file = _sibling(path, ".cpg")
    return file.read_text("ascii", errors="replace").strip() or None if file else None


def _reason(error: Exception, path: Path) -> str:
    """GDAL's sentence without the folder that the file lies in."""
    return str(error).replace(f"{path.parent}/", "").strip()
