"""Two GRUs with the same gains: reset gate before the matrix (papers) and after (torch.nn.GRU).

Eigenvalues of the Jacobian of one network in its steady state and the theory's curve (red), for
each row of gains: left y = U_h (r ⊙ h), the convention of Can, Krishnamurthy & Schwab (2020), right
y = r ⊙ U_h h, that of torch.nn.GRU, cuDNN and Keras. C_h(0) and the radius are the theory's.

On the right the variance of a unit's y, r² a_h² C_h, is set by its own gate, on the left by the
average of r² over all units. E[φ²] is concave in it, which makes the states on the right smaller.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tqdm import tqdm

import rmt_gates as rg
from figures.networks import settled_eigenvalues
from rmt_gates import plots

A_H = 3.0
ROWS = ((1.0, 10.0), (10.0, 10.0))  # (a_z, a_r)
CONVENTIONS = {
    "before": "$U_h(r\\odot h)$: papers' convention",
    "after": "$r\\odot U_hh$: torch.nn.GRU",
}


def draw(quick: bool = False, rng: Any = 0) -> Figure:
    """The figure; `rng` is anything that `numpy.random.default_rng` takes."""
    N, rtol = (300, 2e-2) if quick else (1000, 2e-3)
    generator = np.random.default_rng(rng)
    figure = Figure(figsize=(7.2, 7.2), layout="constrained")
    axes = figure.subplots(len(ROWS), len(CONVENTIONS), sharex=True, sharey=True)
    for row, (a_z, a_r) in zip(axes, tqdm(ROWS, disable=None)):
        for ax, reset in zip(row, CONVENTIONS):
            model = rg.GRU(a_h=A_H, a_z=a_z, a_r=a_r, reset=reset)
            spectrum_panel(ax, rg.steady_state(model, rng=generator, rtol=rtol), N, generator)
            ax.set_title(f"{CONVENTIONS[reset]}\n{ax.get_title()}", fontsize="medium")
        row[0].set_ylabel(f"$a_h={A_H:g}$, $a_z={a_z:g}$, $a_r={a_r:g}$\n\nIm $\\lambda$")
        row[1].set_ylabel("")
    for ax in axes[0]:
        ax.set_xlabel("")
    figure.legend(*legend(axes[0, 0], N), loc="outside lower center", ncols=2, frameon=False)
    return figure


def spectrum_panel(ax: Axes, state: Any, N: int, rng: np.random.Generator) -> None:
    """Eigenvalues of one network, the theory's curve, and its numbers as the title."""
    curve = rg.spectral_curve(state)
    plots.spectrum(curve, settled_eigenvalues(state, N, rng), ax)
    ax.set(xlim=(-1.35, 1.65), ylim=(-1.38, 1.38), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    verdict = "" if state.converged else ", not converged"
    ax.set_title(f"$C_h(0)={state.C_h0:.3f}$, radius {curve.radius:.3f}{verdict}")


def legend(ax: Axes, N: int) -> tuple[list[Any], list[str]]:
    """Handles and labels of the theory and of the networks."""
    artists = dict(zip(*reversed(ax.get_legend_handles_labels())))
    names = {"theory": "theory", "eigenvalues": f"network, $N={N}$"}
    return [artists[label] for label in names], list(names.values())
