"""The notebooks: kept without outputs, and run from first to last cell against the real service, as the public."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient

PROJECT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{3,} [A-Za-z]{2,}")


def name(path: Path) -> str:
    return path.stem


def imported(notebook: Any) -> set[str]:
    """Top-level names of what the code cells import."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return set(re.findall(r"^(?:from|import) (\w+)", code, re.MULTILINE))


def test_there_is_a_story() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    assert [cell["id"] for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_speaks_both_languages(path: Path) -> None:
    words = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]
    assert [text for text in words if not (CHINESE.search(text) and LATIN.search(text))] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_knows_the_api_and_geo_alone(path: Path) -> None:
    assert imported(nbformat.read(path, 4)).isdisjoint({"layers", "processes", "config", "psycopg2", "sqlalchemy"})


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_runs(path: Path, service: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANGGE_URL", service.base_url)
    monkeypatch.delenv("WANGGE_KEY", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for variable in ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    notebook = nbformat.read(path, 4)
    # no folder of kernels: the one of this Python, whatever an account's own Jupyter calls python3
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}})
    client.create_kernel_manager().kernel_spec_manager = KernelSpecManager(kernel_dirs=[])
    # raises at the first cell that fails, and its words are the notebook's own
    client.execute(cleanup_kc=True)

    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    said = "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stderr")
    # a machine without a Chinese font draws boxes and says so; whatever else is said is a fault
    warnings = [line for line in said.splitlines() if "Warning" in line and "missing from font" not in line]
    assert warnings == []
    assert any("image/png" in output.get("data", {}) for output in outputs)
