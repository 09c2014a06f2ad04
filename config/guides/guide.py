"""A guide: Markdown beside this file, turned into HTML whose links work inside the service.

The same text is read on a code host, so it links to its neighbours as files (``map.zh.md#search``) and to the service
as it answers on the machine of whoever tries it. In a page these become the guide's address and that of this service.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

FOLDER = Path(__file__).parent
PICTURES = FOLDER / "pictures"
NAMES = ("qgis", "map", "front-ends", "notebooks", "administrator", "another-county")
"""The guides, in the order in which they are listed."""

SHOWN_AT = "http://127.0.0.1:5000"
"""Address of the service in the text."""

_PICTURE = re.compile(r"[a-z0-9][a-z0-9-]*\.(?:webp|png)")
_TO_GUIDE = re.compile(r"([a-z-]+)\.(?:zh|en)\.md(#.*)?")


@dataclass(frozen=True)
class Guide:
    """One guide in one language.

    Attributes
    ----------
    name : str
        Last part of its address.
    title, lead : str
        Its heading, and the sentence below it.
    html : str
        All of it, the title included.
    sections : tuple of (str, str)
        Anchor and title of each section.
    """

    name: str
    title: str
    lead: str
    html: str
    sections: tuple[tuple[str, str], ...]


def guides(language: str, base_url: str) -> list[Guide]:
    """Every guide in a language, in the order of `NAMES`."""
    return [guide(name, language, base_url) for name in NAMES]


@cache
def guide(name: str, language: str, base_url: str) -> Guide:
    """One of `NAMES` as a page shows it.

    Parameters
    ----------
    name : str
    language : str
        ``"zh"`` or ``"en"``.
    base_url : str
        Root of the service without a slash at its end.

    Raises
    ------
    FileNotFoundError
        When there is no such guide.
    """
    text = path_of(name, language).read_text("utf-8").replace(SHOWN_AT, base_url)
    # no HTML of its own: what stands in a guide is text
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    headings = [(tokens[at + 1].content, token) for at, token in enumerate(tokens) if token.type == "heading_open"]
    for title, token in headings:
        token.attrSet("id", anchor(title))
    root = urlsplit(base_url).path.rstrip("/")
    _lead_into_the_service(tokens, language, root)
    return Guide(
        name=name,
        title=headings[0][0],
        lead=next(tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "paragraph_open"),
        html=markdown.renderer.render(tokens, markdown.options, {}),
        sections=tuple((anchor(title), title) for title, token in headings if token.tag == "h2"),
    )


def path_of(name: str, language: str) -> Path:
    """File of a guide."""
    return FOLDER / f"{name}.{language}.md"


def picture(name: str) -> bytes | None:
    """A picture of the guides; None when there is none of that name, which can't lead to another folder."""
    path = PICTURES / name
    return path.read_bytes() if _PICTURE.fullmatch(name) and path.is_file() else None


def anchor(title: str) -> str:
    """Anchor of a heading, as code hosts make it.

    >>> anchor("What to do when … (`down`)")
    'what-to-do-when--down'
    >>> anchor("在 QGIS 中打开")
    '在-qgis-中打开'
    """
    return re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")


def _lead_into_the_service(tokens: Sequence[Token], language: str, root: str) -> None:
    """Turn links to neighbouring files into addresses."""
    for token in tokens:
        _lead_into_the_service(token.children or (), language, root)
        if token.type == "link_open":
            found = _TO_GUIDE.fullmatch(str(token.attrs["href"]))
            if found:
                token.attrSet("href", f"{root}/guides/{found[1]}?lang={language}{found[2] or ''}")
        elif token.type == "image":
            token.attrSet("src", f"{root}/guides/{token.attrs['src']}")
            token.attrSet("loading", "lazy")
