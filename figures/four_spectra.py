"""Four spectra a–d, two by two, beside panels e and f: the layout of Figs. 1 and 3."""

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
) -> tuple[Figure, dict[str, Axes]]:
    """The figure, and its axes, empty but for a–d; "error" is below f.

    models : title -> record, in the order a–d.
    """
    figure = Figure(figsize=(11.5, 7.0), layout="constrained")
    halves = figure.add_gridspec(1, 2, width_ratios=(2, 1.5))
    squares = halves[0].subgridspec(2, 2)
    rows = halves[1].subgridspec(3, 1, height_ratios=(4, 3.2, 0.8))
    cells = [squares[i // 2, i % 2] for i in range(4)] + [rows[i] for i in range(3)]
    names = (*"abcdef", "error")
    axes = {name: figure.add_subplot(cell, label=name) for name, cell in zip(names, cells)}
    for letter, (title, model) in tqdm(
        zip("abcd", models.items(), strict=True), desc="panels a–d", disable=None, total=4
    ):
        _spectrum(axes[letter], model, N, rtol, rng)
        axes[letter].set_title(title, fontsize="medium")
    for ax in (axes["a"], axes["b"]):
        ax.set_xlabel("")
    for ax in (axes["b"], axes["d"]):
        ax.set_ylabel("")
    for letter in "abcdef":
        axes[letter].set_title(letter, loc="left", fontweight="bold")
    return figure, axes


def _spectrum(ax: Axes, model: Any, N: int, rtol: float, rng: np.random.Generator) -> None:
    """Eigenvalues of one network, and the theory's curve."""
    state = rg.steady_state(model, rng=rng, rtol=rtol)
    curve = rg.spectral_curve(state)
    plots.spectrum(curve, settled_eigenvalues(state, N, rng), ax)
    ax.set(xlim=(-1.35, 1.65), ylim=(-1.38, 1.38), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    if not state.converged:
        ax.text(0.03, 0.03, "not converged", transform=ax.transAxes)
