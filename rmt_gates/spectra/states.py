"""What the functions of the spectrum take: a state, or a sample of units."""

from __future__ import annotations

from typing import Any

import numpy as np

from rmt_gates.architectures.checks import require_scalar
from rmt_gates.unit import Unit


def check_state(state: Any, function: str) -> None:
    """Refuse what is no state, and a state without a solution."""
    if not all(hasattr(state, name) for name in ("C_h", "model", "moment")):
        raise TypeError(
            "state must be a FixedPoint or SteadyState (from rg.fixed_points(model)[i] or "
            f"rg.steady_state(model)), or a Unit, got {type(state).__name__}"
        )
    require_scalar(state.model, function)
    if not np.isfinite(np.ravel(state.C_h)[0]):
        raise ValueError(f"the state has no solution to take a spectrum from: {state.message}")


def unit_of(state: Any, function: str) -> Unit:
    """The sample of units of a state, or the one given."""
    if isinstance(state, Unit):
        return state
    check_state(state, function)
    return state.unit


def complex_numbers(name: str, value: Any) -> np.ndarray:
    """An array of complex numbers, or a TypeError that names the parameter."""
    return _numbers(name, value, "biufc", complex)


def circle(center: Any, radius: Any) -> tuple[complex, np.ndarray]:
    """The center of circles and their radii, checked."""
    try:
        c = complex(center)
    except (TypeError, ValueError):
        raise TypeError(f"center must be a number, got {center!r}") from None
    r = real_numbers("radius", radius)
    if not np.isfinite([c.real, c.imag]).all():
        raise ValueError(f"center must be finite, got {center!r}")
    bad = ~((r >= 0) & np.isfinite(r))
    if bad.any():
        raise ValueError(f"radius must be finite and at least 0, got {r[bad].flat[0]:g}")
    return c, r


def real_numbers(name: str, value: Any) -> np.ndarray:
    """An array of real numbers, or a TypeError that names the parameter."""
    return _numbers(name, value, "biuf", float)


def _numbers(name: str, value: Any, kinds: str, dtype: type) -> np.ndarray:
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):  # a ragged list
        array = np.asarray(None)
    if array.dtype.kind not in kinds:
        what = "numbers" if dtype is complex else "real numbers"
        raise TypeError(f"{name} must be a number or an array of {what}, got {value!r}")
    return array.astype(dtype)
