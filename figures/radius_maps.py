"""Spectral radius and slow modes of the GRU's steady state over (a_h, a_z), by `rg.scan`.

Left: the radius of the Jacobian's spectrum at N = ∞. Right: the share of eigenvalues within 0.05 of
λ = 1: a sharp update gate makes slow modes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

import rmt_gates as rg
from rmt_gates import plots

A_R = 1.0
RTOL = 0.02  # of C_h(0) at each point


def draw(quick: bool = False, rng: Any = 0) -> Figure:
    """The figure; `rng` is anything that `numpy.random.default_rng` takes."""
    n_h, n_z = (3, 7) if quick else (10, 9)
    over = {"a_h": np.linspace(1.2, 4, n_h), "a_z": np.linspace(0, 6 if quick else 8, n_z)}
    data = rg.scan(spectrum, rg.GRU(a_h=1, a_r=A_R), over, rng=rng)
    figure = Figure(figsize=(8.4, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    plots.scan(data.radius.rename("spectral radius"), left)
    plots.scan(data.slow.rename("share within 0.05 of 1"), right)
    return figure


def spectrum(model: Any, rng: Any) -> dict[str, Any]:
    """What is drawn at one point."""
    state = rg.steady_state(model, rng=rng, rtol=RTOL)
    if state.kind == "unknown":
        return {"radius": np.nan, "slow": np.nan, "status": state.status, "message": state.message}
    return {
        "radius": rg.spectral_curve(state).radius,
        "slow": rg.slow_mode_fraction(state, 0.05),
        "status": state.status,
        "message": state.message,
    }
