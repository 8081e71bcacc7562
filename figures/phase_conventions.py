"""Phases of both GRU conventions over (a_h, a_r): reset before the matrix (papers), after (torch).

The line where zero loses stability and the tricritical point are the same; the fold and the end of
the marginal region, ρ = √2, are not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

import rmt_gates as rg
from rmt_gates import plots


def draw(quick: bool = False, rng: Any = 0) -> Figure:
    """The figure; nothing in it is random."""
    points, resolution = (31, 8) if quick else (81, 16)
    over = {"a_h": np.linspace(1, 3, points), "a_r": np.linspace(0, 30, points)}
    figure = Figure(figsize=(8.4, 4.4), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for ax, reset in zip(axes, ("before", "after"), strict=True):
        model = rg.GRU(a_h=1, reset=reset)
        lines = rg.phase_lines(model, over, resolution=resolution)
        plots.phase_diagram(rg.phase_diagram(model, over), lines, ax)
        ax.set_title(f"reset {reset} the matrix", fontsize="medium")
    handles = axes[0].get_legend().legend_handles
    for ax in axes:
        ax.get_legend().remove()
    figure.legend(handles=handles, fontsize="small", loc="outside lower center", ncols=4)
    axes[1].set_ylabel("")
    return figure
