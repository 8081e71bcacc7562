"""Panel f of Figs. 1 and 3: the fraction of eigenvalues near λ = 1, over the gain of a gate.

The theory's line is `rg.slow_mode_fraction`, a contour integral without a free parameter. Beside it
are what the paper has for it, (111) and (112), and below how far these are off. The inset has the
fraction over the radius, at three gains of networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from scipy.optimize import least_squares
from scipy.special import erfc

import rmt_gates as rg
from figures.networks import mean_and_spread
from rmt_gates import plots

RADIUS = 0.05  # of the paper's panels
RADII = np.linspace(0.02, 0.3, 15)  # of the inset


def gaussian_gate_fraction(radius: Any, gain: Any, C_h: Any) -> Any:
    """(111): ½ erfc(−log(r) / (a √(2 C_h))), the fraction of gates with 1 − gate < r ≪ 1.

    The gate's input is N(0, a² C_h), and 1 − σ(ζ) ≈ e^{−ζ}. It takes every gate for an eigenvalue,
    as if the weights between the units moved none of them.

    Examples
    --------
    >>> round(gaussian_gate_fraction(0.05, 4, 0.3326), 4)
    0.097
    """
    gain = np.asarray(gain, float)
    with np.errstate(divide="ignore"):  # none at gain 0
        fraction = 0.5 * erfc(-np.log(radius) / (gain * np.sqrt(2 * np.asarray(C_h))))
    return fraction if fraction.ndim else float(fraction)


def scaling_function(gain: Any, c_1: float, c_2: float) -> Any:
    """(112): c₁ erfc(c₂/a), which is (111) with C_h that does not change and a free prefactor."""
    with np.errstate(divide="ignore"):
        return c_1 * erfc(c_2 / np.asarray(gain, float))


def fitted_scaling_function(gains: Any, fractions: Any) -> np.ndarray:
    """(112) at these gains, with the c₁ and c₂ that fit the fractions best."""
    start = (0.5, np.median(gains))
    fit = least_squares(lambda c: scaling_function(gains, *c) - fractions, start)
    return np.asarray(scaling_function(gains, *fit.x))


def slow_mode_panel(
    ax: Axes, below: Axes, gate: str, states: Sequence[Any], sampled: dict[float, np.ndarray]
) -> None:
    """The panel, and its errors below.

    Parameters
    ----------
    gate : "z" or "f", the gate whose gain it is. states : steady states, by ascending gain.
    sampled : gain -> (networks, n) eigenvalues.
    """
    states = [state for state in states if state.converged]
    gains = np.array([getattr(state.model, f"a_{gate}") for state in states])
    exact = np.array([rg.slow_mode_fraction(state, RADIUS) for state in states])
    C_h = np.array([state.C_h0 for state in states])
    one_of = len(states[0].model.carriers)  # eigenvalues of a unit, of which one is the gate's
    papers = {
        "(111)": (gaussian_gate_fraction(RADIUS, gains, C_h) / one_of, "--"),
        "(112), fitted": (fitted_scaling_function(gains, exact), ":"),
    }
    ax.plot(gains, exact, color=plots.THEORY, lw=1.5, label="theory, no fit")
    below.axhline(0, color=plots.THEORY, lw=1)
    for label, (fraction, style) in papers.items():
        ax.plot(gains, fraction, style, color="tab:blue", lw=1.2, label=label)
        below.plot(gains, 100 * (fraction / exact - 1), style, color="tab:blue", lw=1.2)
    counted = [(np.abs(lam - 1) < RADIUS).mean(axis=-1) for lam in sampled.values()]
    units = next(iter(sampled.values())).shape[-1] // one_of
    mean_and_spread(ax, list(sampled), counted, label=f"networks, $N={units}$")
    ax.set_ylabel(rf"fraction with $|\lambda-1|<{RADIUS:g}$")
    ax.set_ylim(-0.05 * exact.max(), 1.25 * exact.max())
    ax.legend(frameon=False, loc="upper left")
    ax.tick_params(labelbottom=False)
    below.sharex(ax)
    below.set(xlabel=f"$a_{gate}$", ylabel="error, %", ylim=(-115, 65), yticks=[-100, -50, 0, 50])
    by_gain = dict(zip(gains, states))
    shown = [a for a in sampled if a in by_gain]
    picked = {a: by_gain[a] for a in (shown[0], shown[len(shown) // 2], shown[-1])}
    _radius_inset(ax.inset_axes((0.71, 0.14, 0.27, 0.38)), gate, picked, sampled)


def _radius_inset(
    ax: Axes, gate: str, states: dict[float, Any], sampled: dict[float, np.ndarray]
) -> None:
    """The fraction over the radius: theory, and the average of the networks in black dashes."""
    for gain, state in states.items():
        fraction = rg.slow_mode_fraction(state, RADII)
        ax.plot(RADII, fraction, color=plots.THEORY, lw=1.2)
        name = f"$a_{gate}={gain:g}$" if gain == max(states) else f"${gain:g}$"
        place = {"xytext": (2, -3), "textcoords": "offset points", "fontsize": "x-small"}
        ax.annotate(name, (RADII[-1], fraction[-1]), **place)  # type: ignore[arg-type]
        counted = (np.abs(sampled[gain] - 1).ravel() < RADII[:, None]).mean(axis=1)
        ax.plot(RADII, counted, "k--", lw=0.8)
    ax.set(xlim=(0, 0.5), xticks=[0, 0.3], ylim=(0, 1.15 * fraction[-1]))
    ax.set_xlabel("radius", fontsize="x-small", labelpad=-8, loc="right")
    ax.tick_params(labelsize="x-small")
