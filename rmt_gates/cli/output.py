"""What the command prints and writes: tables for people, JSON for programs, figures."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

SCHEMA = 1


class BadInput(Exception):
    """Its text is the sentence to print."""


@dataclass(frozen=True)
class Result:
    """``data``: for --json. ``blocks``: paragraphs and tables. ``draw``: its figure, on an Axes."""

    data: dict[str, Any]
    blocks: Sequence[str]
    converged: bool
    draw: Callable[[Any], Any] | None = None


def print_result(result: Result, as_json: bool) -> None:
    """On stdout."""
    if as_json:
        print(json.dumps(plain(result.data), allow_nan=False))
    else:
        print("\n\n".join(result.blocks))


def provenance(packages: Sequence[str]) -> dict[str, str]:
    """Versions of Python, this library and the packages that a result depends on."""
    from rmt_gates import __version__

    versions = {name: version(name) for name in packages}
    return {"rmt_gates": __version__, "python": platform.python_version(), **versions}


def plain(value: Any) -> Any:
    """The same in types that JSON knows; NaN and infinities, which it does not, as null.

    Complex numbers are pairs.
    """
    if isinstance(value, dict):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, complex):
        return [plain(value.real), plain(value.imag)]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns of text, the first to the left and the others to the right; row 0 is the head."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(c.rjust(w) for c, w in zip(others, widths[1:]))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def listing(rows: Sequence[tuple[str, str]]) -> str:
    """Names and values."""
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name.ljust(width)}  {value}".rstrip() for name, value in rows)


def number(value: float, error: float | None = None) -> str:
    """``0.35026 ± 0.00018``: the error to two digits; without one, six digits."""
    if not math.isfinite(value):
        return "-"
    if not error or not math.isfinite(error):
        return f"{value:.6g}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def check_figure(path: str) -> None:
    """Refuse a figure that could not be written, before the work is done."""
    from matplotlib.figure import Figure

    known = Figure().canvas.get_supported_filetypes()
    suffix = Path(path).suffix.lstrip(".").lower()
    if suffix not in known:
        raise BadInput(f"--figure {path}: the name must end in one of .{', .'.join(sorted(known))}")
    check_writable("--figure", path)


def check_writable(option: str, path: str) -> None:
    """Refuse a file that could not be written, before the work is done."""
    target = Path(path)
    new = not target.exists()
    try:
        target.open("ab").close()
    except OSError as error:
        raise BadInput(f"{option} {path} cannot be written: {error.strerror}") from None
    if new:
        target.unlink()


def write_figure(result: Result, path: str) -> None:
    """Draw and save the result's figure."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0, 4.5), layout="constrained")
    assert result.draw is not None
    result.draw(figure.add_subplot())
    try:
        figure.savefig(path, dpi=200)
    except OSError as error:
        raise BadInput(f"--figure {path} cannot be written: {error.strerror}") from None
