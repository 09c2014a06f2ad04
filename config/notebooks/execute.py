"""Runs notebooks from first to last cell, each in a fresh kernel of this Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from config.notebooks.export import write_notebook, write_page
from config.settings import hand_over

CELL_SECONDS = 300
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Executed:
    """How one notebook went.

    Attributes
    ----------
    path : Path
        Of the notebook.
    seconds : float
        What it took.
    error : str or None
        What the cell that failed said; None when all went well.
    warnings : list of str
        What packages said on standard error.
    """

    path: Path
    seconds: float
    error: str | None
    warnings: list[str]


def execute(path: Path, environment: Mapping[str, str], to: Path | None) -> Executed:
    """Run one notebook.

    Parameters
    ----------
    path : Path
        It runs in the folder that it lies in.
    environment : mapping of str to str
        Of its kernel.
    to : Path or None
        File that the notebook with its outputs goes to, also when a cell fails, and beside it a page of HTML that opens
        anywhere; None to keep nothing. Progress and warnings are left out, so that it says the same each time. Written
        over itself it is kept for readers of the project: without the page, and without maps to pan and zoom.
    """
    notebook = nbformat.read(path, 4)
    # no folder of kernels: the one of this Python, whatever an account's own Jupyter calls python3
    client = NotebookClient(
        notebook, timeout=CELL_SECONDS, record_timing=False, coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    )  # fmt: skip
    manager = client.create_kernel_manager()
    manager.kernel_spec_manager = KernelSpecManager(kernel_dirs=[])
    # nobody else of this machine listens
    manager.transport_encryption = "auto"
    began, error = monotonic(), None
    with _folders() as folders:
        try:
            client.execute(cleanup_kc=True, env={**environment, **folders})
        except (CellExecutionError, DeadKernelError, TimeoutError) as failed:
            error = _COLOURS.sub("", str(failed))
    said = _told_aside(notebook)
    if to is not None:
        kept = to.resolve() == path.resolve()
        write_notebook(notebook, to, maps=not kept)
        if not kept:
            write_page(notebook, to.with_suffix(".html"))
    return Executed(path, monotonic() - began, error, [line for line in said.splitlines() if "Warning" in line])


def _told_aside(notebook: nbformat.NotebookNode) -> str:
    """Standard error of all cells, which is taken out of them."""
    said = ""
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        aside = [one for one in outputs if one.output_type == "stream" and one.name == "stderr"]
        said += "".join(one.text for one in aside)
        if aside:
            cell.outputs = [one for one in outputs if one not in aside]
    return said


@contextmanager
def _folders() -> Iterator[dict[str, str]]:
    """Folders that Jupyter and its kernel write into, for an account whose home is missing or closed."""
    with TemporaryDirectory(prefix="wangge-jupyter-") as folder:
        names = ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR", "MPLCONFIGDIR")
        found = {name: str(Path(folder, name.lower())) for name in names}
        for name, value in found.items():
            hand_over(name, value)
        yield found
