"""What ``rmt-gates scan`` computes at a point: functions that worker processes can import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import rmt_gates as rg


class Quantity(NamedTuple):
    """A function of a model. ``options`` : those of the command line that it takes; ``shown`` :
    the result that a figure shows."""

    function: Callable[..., Any]
    shown: str
    random: bool = True
    vectorized: bool = False
    options: tuple[str, ...] = ("start", "rtol", "max_seconds")


def fixed_points(model: Any) -> Any:
    """All of them, with their ρ and stability."""
    return rg.fixed_points(model)


def steady_state(model: Any, rng: Any, **options: Any) -> dict[str, Any]:
    """Its kind, C_h(0) and what else is compared with networks."""
    state = rg.steady_state(model, rng=rng, **options)
    return {
        "kind": state.kind,
        "C_h0": state.C_h0,
        "C_h0_error": state.C_h0_error,
        "lags": state.lags,
        "status": state.status,
        "message": state.message,
    }


def spectral_radius(model: Any, rng: Any, **options: Any) -> dict[str, Any]:
    """Of the Jacobian in the steady state, at N = ∞."""
    return _of_spectrum(model, rng, options, _radius)


def slow_modes(model: Any, rng: Any, **options: Any) -> dict[str, Any]:
    """The share of eigenvalues within 0.05 and 0.3 of λ = 1, in the steady state."""
    return _of_spectrum(model, rng, options, _slow)


def _of_spectrum(
    model: Any, rng: Any, options: dict[str, Any], function: Callable[[Any], dict[str, float]]
) -> dict[str, Any]:
    state = rg.steady_state(model, rng=rng, **options)
    found = {"kind": state.kind, "C_h0": state.C_h0, "C_h0_error": state.C_h0_error}
    if state.kind != "unknown":
        found |= function(state)
    return {**found, "status": state.status, "message": state.message}


def _radius(state: Any) -> dict[str, float]:
    curve = rg.spectral_curve(state)
    return {"spectral_radius": curve.radius, "spectral_radius_error": curve.radius_error}


def _slow(state: Any) -> dict[str, float]:
    close, far = rg.slow_mode_fraction(state, [0.05, 0.3])
    return {"slow_modes_005": close, "slow_modes_03": far}


QUANTITIES = {
    "fixed-points": Quantity(fixed_points, "C_h", random=False, vectorized=True, options=()),
    "steady-state": Quantity(steady_state, "C_h0"),
    "spectral-radius": Quantity(spectral_radius, "spectral_radius"),
    "slow-modes": Quantity(slow_modes, "slow_modes_005"),
}
