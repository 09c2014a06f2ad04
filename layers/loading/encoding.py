"""Which encoding the texts of a file are in. Chinese files say so seldom, and wrongly often, so the bytes decide."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from geo.errors import InvalidInput

CHINESE: Final = "GB18030"
"""Holds all of GBK and GB 2312, so it stands for each of them."""

_BLOCK: Final = 1 << 20
_MOST_TEXTS: Final = 50_000
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Western code pages decode any byte, so a file that claims one has not been proved to be in it.
_WESTERN: Final = frozenset({"iso8859-1", "iso8859-15", "cp1252", "ascii", "cp437", "cp850"})


def encoding_named(name: str) -> str:
    """Python's name of an encoding, GB18030 for every member of its family.

    Raises
    ------
    InvalidInput
        When there is no such encoding.

    Examples
    --------
    >>> encoding_named("gbk"), encoding_named("UTF8"), encoding_named("936")
    ('GB18030', 'utf-8', 'GB18030')
    """
    wanted = name.strip()
    try:
        known = codecs.lookup(f"cp{wanted}" if wanted.isdecimal() else wanted).name
    except LookupError:
        raise InvalidInput("load.encoding-unknown", encoding=name) from None
    return CHINESE if known in ("gbk", "gb2312", "gb18030", "cp936", "hz") else known


def encoding_of_text(path: Path, wanted: str | None = None) -> str:
    """Encoding of a whole text file.

    Parameters
    ----------
    path : Path
        A file of text.
    wanted : str, optional
        What the caller says it is; then it is only held against the bytes.

    Returns
    -------
    str
        UTF-8 (with or without mark) where every byte fits it, GB18030 where they fit that.

    Raises
    ------
    InvalidInput
        When the bytes fit neither, or not the one that was wanted.
    """
    with path.open("rb") as file:
        head = file.read(4)
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if wanted:
        named = encoding_named(wanted)
        candidates = [marked if marked and named.startswith(marked[:5]) else named]
    else:
        candidates = [marked] if marked else ["utf-8", CHINESE]
    for name in candidates:
        if _decodes(path, name):
            return name
    raise InvalidInput("load.encoding-wrong", file=path.name, encoding=wanted or " / ".join(candidates))


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def encoding_of_dbf(path: Path, wanted: str | None = None, declared: str | None = None) -> str:
    """Encoding of the texts in a dBASE table, the attributes of a Shapefile.

    Parameters
    ----------
    path : Path
        The ``.dbf``.
    wanted : str, optional
        What the caller says.
    declared : str, optional
        What the ``.cpg`` says. It is believed when the texts fit it; a Western code page only where nothing else fits.

    Returns
    -------
    str
        UTF-8 for a table with nothing but ASCII.

    Raises
    ------
    InvalidInput
        When the texts fit neither UTF-8 nor GB18030, or not what was wanted.
    """
    texts = list(_texts_of_dbf(path))
    if wanted:
        candidates = [encoding_named(wanted)]
    else:
        candidates = ["utf-8", CHINESE]
        if declared:
            try:
                named = encoding_named(declared)
            except InvalidInput:
                named = "utf-8"
            candidates = [*candidates, named] if named in _WESTERN else [named, *candidates]
    for name in candidates:
        if all(_fits(text, name) for text in texts):
            return name
    raise InvalidInput("load.encoding-wrong", file=path.name, encoding=wanted or " / ".join(candidates))


def _texts_of_dbf(path: Path) -> Iterator[bytes]:
    """Names of the columns and the first texts that are not ASCII, as bytes."""
    with path.open("rb") as file:
        head = file.read(32)
        if len(head) < 32:
            return
        header_length, record_length = int.from_bytes(head[8:10], "little"), int.from_bytes(head[10:12], "little")
        fields = file.read(max(header_length - 32, 0))
        spans, start = [], 1
        for at in range(0, len(fields) - 31, 32):
            if fields[at] == 0x0D:
                break
            name, width = fields[at : at + 11].split(b"\0")[0], fields[at + 16]
            if fields[at + 11 : at + 12] == b"C":
                width += 256 * fields[at + 17]
                spans.append((start, start + width))
            start += width
            if not name.isascii():
                yield name
        found = 0
        while record_length and found < _MOST_TEXTS and (record := file.read(record_length)):
            if record.isascii():
                continue
            for first, last in spans:
                text = record[first:last].rstrip(b" \0")
                if not text.isascii():
                    found += 1
                    yield text


def _fits(text: bytes, encoding: str) -> bool:
    """Whether bytes are text of an encoding; a last character that the column's width cut in two is let pass."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(text)
    except UnicodeDecodeError:
        return False
    return True
