"""Four spectra a–d, two by two, beside a tall panel e: the layout of Figs. 1 and 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tqdm import tqdm

import rmt_gates as rg
from figures.networks import settled_eigenvalues
from rmt_gates import plots


def four_spectra(
    models: Mapping[str, Any], N: int, rtol: float, rng: np.random.Generator
) -> tuple[Figure, Axes]:
    """The figure, and its empty panel e. ``models`` : title -> record, in the order a–d."""
    figure = Figure(figsize=(10.5, 6.2), layout="constrained")
    axes = figure.subplot_mosaic([["a", "b", "e"], ["c", "d", "e"]], width_ratios=[1, 1, 1.25])
    for letter, (title, model) in tqdm(
        zip("abcd", models.items(), strict=True), desc="panels a–d", disable=None, total=4
    ):
        _spectrum(axes[letter], model, N, rtol, rng)
        axes[letter].set_title(title, fontsize="medium")
    for ax in (axes["a"], axes["b"]):
        ax.set_xlabel("")
    for ax in (axes["b"], axes["d"]):
        ax.set_ylabel("")
    for letter, ax in axes.items():
        ax.set_title(letter, loc="left", fontweight="bold")
    return figure, axes["e"]


def _spectrum(ax: Axes, model: Any, N: int, rtol: float, rng: np.random.Generator) -> None:
    """Eigenvalues of one network, and the theory's curve."""
    state = rg.steady_state(model, rng=rng, rtol=rtol)
    curve = rg.spectral_curve(state)
    plots.spectrum(curve, settled_eigenvalues(state, N, rng), ax)
    ax.set(xlim=(-1.35, 1.65), ylim=(-1.38, 1.38), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    if not state.converged:
        ax.text(0.03, 0.03, "not converged", transform=ax.transAxes)
