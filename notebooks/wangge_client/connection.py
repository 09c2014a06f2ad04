"""How the service is asked: every request with the key and language of whoever asks."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import requests

from wangge_client.errors import Unreachable, error_of

_TRIES = 4
_BUSY = (429, 503)


class Connection:
    """Where the service is, and who asks it.

    Attributes
    ----------
    url : str
        Its address, without a slash at the end.
    lang : str
        ``zh`` or ``en``, of titles and errors.
    """

    def __init__(self, url: str, key: str | None, lang: str, timeout_s: float) -> None:
        self.url = url.rstrip("/")
        self.lang = lang
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.headers["Accept-Language"] = lang
        # a proxy of the environment doesn't know this machine
        self._session.trust_env = urlsplit(self.url).hostname not in ("127.0.0.1", "localhost", "::1")
        if key:
            self._session.headers["X-API-Key"] = key

    def __repr__(self) -> str:
        key = " with a key" if "X-API-Key" in self._session.headers else ""
        return f"<{type(self).__name__} {self.url}{key}>"

    def get(self, path: str, **query: str) -> Any:
        """JSON of any address of the service."""
        return self.send("GET", path, params={"f": "json", **query}).json()

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """Any request, tried again while the service is busy.

        Raises
        ------
        ServiceError
            With the words of the service.
        Unreachable
            When nobody answers.
        """
        address = path if path.startswith(self.url + "/") else f"{self.url}/{path}"
        for last in (number == _TRIES - 1 for number in range(_TRIES)):
            try:
                answer = self._session.request(method, address, timeout=self._timeout_s, **options)
            except requests.ConnectionError as error:
                raise Unreachable(self.url, self.lang) from error
            if answer.status_code not in _BUSY or last:
                break
            time.sleep(float(answer.headers.get("Retry-After", "1")))
        if answer.ok:
            return answer
        raise error_of(answer)
