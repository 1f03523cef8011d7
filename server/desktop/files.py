"""Data files that people edit while the app runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from dialog.yamlfile import FileError

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Edited(Generic[T]):
    """What some files say now: an edit holds from the next use on; a broken one is logged and changes nothing."""

    def __init__(self, paths: Sequence[Path], read: Callable[[], T]) -> None:
        """`read` raises `FileError`, here as well."""
        self._paths = list(paths)
        self._read = read
        self._stamp = self._stamps()
        self._held = read()

    def now(self) -> T:
        """Looks at the files' times (some microseconds), and reads them when one changed."""
        if (stamp := self._stamps()) != self._stamp:
            self._stamp = stamp
            try:
                self._held = self._read()
            except FileError as error:
                log.error("desktop.file_unusable", problems=[str(problem) for problem in error.problems])
        return self._held

    def _stamps(self) -> tuple[int, ...]:
        return tuple(path.stat().st_mtime_ns if path.is_file() else 0 for path in self._paths)
