"""Can, Krishnamurthy & Schwab (2020), Fig. 2 right: the spectrum is pinched at λ = 1.

The height at which the boundary of the spectrum crosses Re λ = 1, over the gain a_z of the update
gate, at the non-zero fixed point for a_h = 3, a_r = 2. It falls as e^{−c √C_h a_z}, the rate of
(26) in Theorem 4.8, with erf(c/√2) = 2/ρ² − 1. The paper leaves the prefactor open; it is
e^{−π² c/(24 √C_h a_z)}, which tends to 1 (`rmt_gates.spectra.marginal`; dashed, nothing is fitted).

Above, the paper's inset: the curve (red), and the eigenvalues of one network *at a fixed point*,
for the values of a_z with a dot below. That fixed point is unstable and no network runs into it, so
it is planted: h is drawn from the mean-field law, and the weights from theirs given that h is at
rest (`figures.networks.planted_network`). The paper does not say where its networks were.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import brentq

import rmt_gates as rg
from figures.networks import planted_network
from rmt_gates import plots
from rmt_gates.spectra.marginal import log_height_at_one

A_H, A_R = 3.0, 2.0
SHOWN = (2.0, 8.0, 16.0)  # a_z of the spectra
LAW = r"$e^{-c\sqrt{C_h}\,a_z}$ and its prefactor"
SHARP = 6.0  # the gain from which the law for sharp gates is drawn: 32 % off there, 0.4 % at 20


def draw(quick: bool = False, rng: Any = 0) -> Figure:
    """The figure; `rng` is anything that `numpy.random.default_rng` takes."""
    N, points = (300, 21) if quick else (1000, 81)
    generator = np.random.default_rng(rng)
    figure = Figure(figsize=(7.0, 5.6), layout="constrained")
    layout: list[Any] = [[f"{a_z:g}" for a_z in SHOWN], ["main"] * len(SHOWN)]
    axes = figure.subplot_mosaic(layout, height_ratios=[1, 1.25])

    ax = axes["main"]
    gains = np.linspace(0, 20, points)
    height = np.array([intercept(rg.spectral_curve(fixed_point(a_z))) for a_z in gains])
    ax.semilogy(gains, height, color=plots.THEORY, lw=1.5, label="theory")
    sharp = gains[gains >= SHARP]
    ax.plot(sharp, height_for_sharp_gates(sharp), "k--", lw=1, zorder=3, label=LAW)
    ax.set(xlabel="$a_z$", ylabel=r"Im $\lambda$ at Re $\lambda=1$", xlim=(-0.3, 20.3))
    ax.set_xticks(range(0, 21, 4))
    ax.legend(frameon=False)

    for i, a_z in enumerate(SHOWN):
        small, point = axes[layout[0][i]], fixed_point(a_z)
        curve = rg.spectral_curve(point)
        network, h = planted_network(point, N, generator)
        plots.spectrum(curve, network.eigenvalues(h), small)
        small.set(xlim=(-1.1, 1.25), ylim=(-1.1, 1.1), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
        small.set_title(f"$a_z={a_z:g}$", fontsize="medium")
        if i > 0:
            small.set_ylabel("")
        ax.plot(a_z, intercept(curve), "o", color=plots.THEORY, ms=5)
    return figure


def fixed_point(a_z: float) -> Any:
    """The non-zero fixed point."""
    return rg.fixed_points(rg.GRU(a_h=A_H, a_z=a_z, a_r=A_R))[-1]


def intercept(curve: Any) -> float:
    """y > 0 with S(1 + iy) = 0, to full relative precision however small."""

    def S(log_y: float) -> float:
        return float(curve.S(1 + 1j * np.exp(log_y)))

    return float(np.exp(brentq(S, np.log(1e-12), np.log(10.0), xtol=1e-12)))


def height_for_sharp_gates(a_z: Any) -> Any:
    """The law of this height for large a_z, from ρ and C_h, which do not depend on a_z."""
    point = fixed_point(0)
    return np.exp(log_height_at_one(point.rho, 0, np.square(a_z) * point.C_h))
