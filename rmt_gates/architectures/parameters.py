"""Validation of parameter records, in one place: the code below it assumes clean numbers."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

MEANING = {
    "a": "a gain, the standard deviation of the weights times sqrt(N), cannot be negative",
    "v": "a variance of a bias cannot be negative",
}

# the range in which the Gaussian averages are accurate to rounding
SMALLEST = 1e-100  # and what is smaller is 0: its square would underflow
LARGEST = {"a": 1e6, "v": 1e12, "b": 50.0}
LIMIT = {
    "a": "beyond, a gate or an activation is a step to the last digit",
    "v": "beyond, a gate or an activation is a step to the last digit",
    "b": "beyond, a gate is open or shut, an activation saturated to the last digit",
}


DESCRIPTION = {
    "a": "gain of U_{0}: its entries have variance a_{0}²/N",
    "b": "mean of the bias b_{0}",
    "v": "variance of the bias b_{0}",
}


def describe(field: str) -> str:
    """A field of a parameter record in words."""
    kind, _, matrix = field.partition("_")
    return DESCRIPTION.get(kind, field).format(matrix)


def clean(name: str, value: Any) -> float | np.ndarray:
    """`value` as a float, or as a read-only float64 array; one clear sentence if it is neither."""
    if isinstance(value, bool | np.bool_) or not (
        isinstance(value, numbers.Real | list | tuple | np.ndarray) or hasattr(value, "__array__")
    ):
        raise TypeError(
            f"{name} must be a real number or an array of real numbers, "
            f"got {type(value).__name__} {value!r}"
        )
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, whose mask has no meaning here: use .filled()")
    try:
        array = np.array(float(value) if isinstance(value, numbers.Real) else value)
    except OverflowError:
        raise ValueError(f"{name} must be finite, got a number beyond 1e308") from None
    except ValueError:
        raise TypeError(
            f"{name} must be a rectangular array of real numbers, got {value!r}"
        ) from None
    if array.dtype.kind not in "iuf":
        raise TypeError(
            f"{name} must be a real number or an array of real numbers, got dtype {array.dtype}"
        )
    if array.size == 0:
        raise ValueError(f"{name} must not be an empty array")
    array = array.astype(float)
    array = np.where(np.abs(array) < SMALLEST, 0.0, array)
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite, got {_first(array, ~np.isfinite(array))}")
    if name[0] in MEANING and np.any(array < 0):
        raise ValueError(f"{name} must be >= 0, got {_first(array, array < 0)}: {MEANING[name[0]]}")
    limit = LARGEST.get(name[0], np.inf)
    if np.any(np.abs(array) > limit):
        raise ValueError(
            f"{name} must lie within ±{limit:g}, got {_first(array, np.abs(array) > limit):g}: "
            f"{LIMIT[name[0]]}"
        )
    if array.ndim == 0:
        return float(array)
    array.setflags(write=False)
    return array


def _first(array: np.ndarray, mask: np.ndarray) -> float:
    return float(array[mask].flat[0]) if array.ndim else float(array)
