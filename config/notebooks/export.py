"""What a run leaves behind: the notebook with its outputs, and the same as one page that opens anywhere."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from PIL import Image

COLOURS = 128
_PNG, _HTML = "image/png", "text/html"
_MAP = re.compile(r"<iframe srcdoc=")
# the stock page asks three other addresses for scripts of formulas, diagrams and widgets, none of which a story has
_PAGE = """{% extends "lab/index.html.j2" %}
{% block html_head_js %}{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}"""


def write_notebook(notebook: nbformat.NotebookNode, path: Path, *, maps: bool) -> None:
    """The notebook, its pictures lighter.

    Parameters
    ----------
    notebook : NotebookNode
        As it ran; it is changed to what is written.
    path : Path
        Where to; its folder is made.
    maps : bool
        Whether maps to pan and zoom stay in it, half a megabyte each; else the words that stand for them.
    """
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        data = output.get("data", {})
        if _PNG in data:
            data[_PNG] = _lighter(data[_PNG])
        if not maps and _MAP.search(data.get(_HTML, "")):
            del data[_HTML]
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def write_page(notebook: nbformat.NotebookNode, path: Path) -> None:
    """The notebook as one HTML file with all that it needs, for those who have no Python."""
    exporter = HTMLExporter(raw_template=_PAGE, language_code="zh")
    body, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": path.stem}})
    path.write_text(body, "utf-8")


def _lighter(picture: str) -> str:
    """A PNG in base64 with a palette: a third of the size, and by eye the same."""
    drawn = Image.open(BytesIO(b64decode(picture))).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    out = BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return b64encode(out.getvalue()).decode()
