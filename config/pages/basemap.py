"""A base map from elsewhere below the layers of the map page: off unless the administrator names one."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from config.pages.templating import CONTENT_SECURITY_POLICY


@dataclass(frozen=True)
class Basemap:
    """Pictures in tiles of Web Mercator.

    Attributes
    ----------
    tiles : tuple of str
        Addresses with ``{z}``, ``{x}`` and ``{y}``, the lowest first; none for no base map. A key of the host stands in
        them, and so every reader of the page can see it.
    attribution : str
        Whose they are; empty for nobody to be named.
    """

    tiles: tuple[str, ...] = ()
    attribution: str = ""

    def policy(self) -> str:
        """Content security policy of a page that shows it: the pages' own, and no host but those of the tiles."""
        hosts = dict.fromkeys(f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, self.tiles))
        if not hosts:
            return CONTENT_SECURITY_POLICY
        named = " ".join(hosts)
        # a map library fetches pictures where it can, which connect-src rules, and else loads them as images
        pictures = CONTENT_SECURITY_POLICY.replace("img-src 'self'", f"img-src 'self' {named}")
        return f"{pictures}; connect-src 'self' {named}"


NO_BASEMAP = Basemap()
