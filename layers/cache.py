"""A cache of bytes with a bound, safe to share among threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable


class BytesCache:
    """Bytes by key, in two generations: what was used lately survives, the rest goes when the young one is full.

    A look-up in the young generation is one dictionary access without a lock, which matters where a page takes a
    thousand.

    Parameters
    ----------
    most_bytes : int
        Bytes in both generations together, at the most.
    """

    def __init__(self, most_bytes: int) -> None:
        self._half = most_bytes // 2
        self._young: dict[Hashable, bytes] = {}
        self._old: dict[Hashable, bytes] = {}
        self._young_bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> bytes | None:
        """The bytes of ``key``, or None."""
        found = self._young.get(key)
        if found is not None:
            return found
        found = self._old.get(key)
        if found is not None:
            self.put(key, found)
        return found

    def put(self, key: Hashable, value: bytes) -> None:
        """Keep bytes; what is larger than a generation is not kept."""
        if len(value) > self._half:
            return
        with self._lock:
            if key not in self._young:
                self._young_bytes += len(value)
            self._young[key] = value
            if self._young_bytes > self._half:
                self._old, self._young, self._young_bytes = self._young, {}, 0

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._young, self._old, self._young_bytes = {}, {}, 0


class Recent[K: Hashable, V]:
    """The last few values by key; the longest unused goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """The value of ``key``, or None."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        return None

    def put(self, key: K, value: V) -> None:
        """Keep a value."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)
