"""The types of arguments: their text as a value, or one sentence."""

from __future__ import annotations

import argparse
import cmath
import math
import re
from collections.abc import Callable

import numpy as np


def whole(least: int) -> Callable[[str], int]:
    """Whole numbers from `least` on."""

    def value(text: str) -> int:
        if not re.fullmatch(r"\d+", text) or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"must be a whole number of at least {least}, got {text!r}"
            )
        return int(text)

    return value


def complex_number(text: str) -> complex:
    """A finite one, such as 0.9+0.1j."""
    try:
        value = complex(text.replace(" ", ""))
    except ValueError:
        value = complex("nan")
    if not cmath.isfinite(value):
        raise argparse.ArgumentTypeError(f"must be a number such as 0.9+0.1j, got {text!r}")
    return value


def finite(text: str) -> float:
    """A real number."""
    value = _real(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"must be a finite number, got {text!r}")
    return value


def positive(text: str) -> float:
    """A real number above 0."""
    value = _real(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a positive number, got {text!r}")
    return value


def single(text: str) -> float:
    """A real number, or a hint at the commands that take several."""
    if ":" in text or "," in text:
        raise argparse.ArgumentTypeError(
            f"must be one number here, got {text!r}: for several see phase-diagram and scan"
        )
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from None


def several(text: str) -> float | np.ndarray:
    """A number, numbers such as 0,1,10, or a range low:high:n of n of them."""
    words = text.split(":")
    if len(words) == 3 and re.fullmatch(r"\d+", words[2]) and int(words[2]) > 0:
        return np.linspace(finite(words[0]), finite(words[1]), int(words[2]))
    if ":" in text:
        raise argparse.ArgumentTypeError(
            f"must be a number, numbers such as 0,1,10, or a range low:high:n, got {text!r}"
        )
    values = np.array([finite(word) for word in text.split(",")])
    return values if len(values) > 1 else float(values[0])


def _real(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
