"""The density of eigenvalues at the parameters of Figs. 1 and 3, above networks' eigenvalues.

Every panel has two halves, as the spectrum is symmetric: above the real axis the theory's density
for N = ∞ (`rg.resolvent`, one logarithmic scale of colours for all), below it the eigenvalues of
networks in their steady state. Of those some √N are real, a share that vanishes for N = ∞. Red is
the boundary. Point masses, where there are any, are crosses.

The density is taken on a mesh that follows the boundary. Its rows are closest at the real axis,
where the law of the gates shows: eigenvalues crowd near 1 if many units keep their state, and near
0 if many renew it.
"""

from __future__ import annotations

from string import ascii_lowercase
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from tqdm import tqdm

import rmt_gates as rg
from figures import can2020_fig1, can2020_fig3
from figures.networks import settled_eigenvalues
from rmt_gates import plots

MODELS = {
    f"GRU, $a_z={a_z:g}$, $a_r={a_r:g}$": rg.GRU(a_h=3, a_z=a_z, a_r=a_r)
    for a_z, a_r in can2020_fig1.PANELS.values()
} | {
    f"LSTM, $a_f={a_f:g}$, $a_o={a_o:g}$": rg.LSTM(a_h=3, a_i=1, a_f=a_f, a_o=a_o)
    for a_f, a_o in can2020_fig3.PANELS.values()
}
LOWEST, HIGHEST = 0.05, 20.0  # of the colours: nearly all densities lie between


class Effort(NamedTuple):
    """Sizes: units, eigenvalues a panel, rtol of steady states, columns and rows of the mesh."""

    N: int
    eigenvalues: int
    rtol: float
    columns: int
    rows: int


FULL = Effort(1000, 4000, 2e-2, 97, 16)
QUICK = Effort(200, 800, 3e-2, 33, 8)


def draw(quick: bool = False, rng: Any = 0) -> Figure:
    """The figure; `rng` is anything that `numpy.random.default_rng` takes."""
    effort = QUICK if quick else FULL
    generator = np.random.default_rng(rng)
    figure = Figure(figsize=(13.0, 6.6), layout="constrained")
    axes = figure.subplots(2, len(MODELS) // 2, sharex=True, sharey=True)
    for letter, ax, (title, model) in zip(
        ascii_lowercase, axes.flat, tqdm(MODELS.items(), desc="panels", disable=None)
    ):
        density_panel(ax, model, effort, generator)
        ax.set_title(title, fontsize="medium")
        ax.set_title(letter, loc="left", fontweight="bold")
    first = axes.flat[0]
    first.text(0.03, 0.93, "theory", transform=first.transAxes)
    first.text(0.03, 0.04, f"networks, $N={effort.N}$", transform=first.transAxes)
    for ax in axes.flat:
        ax.label_outer()
    figure.colorbar(
        first.collections[0],
        ax=axes,
        label=r"density $\mu(\lambda)$, per eigenvalue and unit area",
        extend="both",
        shrink=0.8,
    )
    return figure


def density_panel(ax: Axes, model: Any, effort: Effort, rng: np.random.Generator) -> None:
    """Theory above the real axis, eigenvalues of networks below it, and the boundary."""
    state = rg.steady_state(model, rng=rng, rtol=effort.rtol)
    curve = rg.spectral_curve(state)
    # the support of the units from which the density is computed is off the state's by its noise
    lam = mesh_inside(rg.spectral_curve(state.unit), effort.columns, effort.rows)
    density = np.maximum(rg.resolvent(state, lam).density, LOWEST)
    norm = LogNorm(LOWEST, HIGHEST)
    ax.pcolormesh(lam.real, lam.imag, density, norm=norm, shading="gouraud", zorder=0)
    networks = effort.eigenvalues // (effort.N * len(model.carriers))
    cloud = np.ravel([settled_eigenvalues(state, effort.N, rng) for _ in range(networks)])
    plots.spectrum(curve, cloud[cloud.imag <= 0], ax)
    masses = rg.point_masses(state)
    ax.plot(masses.location, 0 * masses.location, "x", color=plots.THEORY, label="point masses")
    ax.axhline(0, color="white", lw=0.5, zorder=1)
    ax.set(xlim=(-1.3, 1.7), ylim=(-1.38, 1.38), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    if not state.converged:
        ax.text(0.03, 0.03, "not converged", transform=ax.transAxes)


def mesh_inside(curve: Any, columns: int, rows: int) -> np.ndarray:
    """(rows, columns) points λ between the real axis and the boundary, in the upper half plane.

    Columns are spaced like those of the curve, rows quadratically, closest at the axis. The
    outermost are just inside, so that every point has a density.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> curve = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=3))[0])
    >>> lam = mesh_inside(curve, 5, 3)
    >>> lam.shape, bool(curve.contains(lam).all())
    ((3, 5), True)
    """
    angle = np.pi * (np.arange(columns) + 0.5) / columns
    middle, half = 0.5 * (curve.x[0] + curve.x[-1]), 0.5 * (curve.x[-1] - curve.x[0])
    x = middle - half * np.cos(angle)
    height = np.interp(x, curve.x, curve.y)
    t = np.linspace(0.5 / rows, 1 - 1e-4, rows) ** 2
    return np.asarray(x + 1j * t[:, None] * height)
