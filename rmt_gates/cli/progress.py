"""A progress bar on stderr: for people at a terminal, and silent otherwise."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType


class Progress:
    """``stages`` steps of work, of which the bar names the one in progress."""

    def __init__(self, stages: int, silent: bool) -> None:
        self._bar = None
        if not silent and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=stages, file=sys.stderr, leave=False)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """One step."""
        if self._bar is not None:
            self._bar.set_description(name)
        yield
        if self._bar is not None:
            self._bar.update()
