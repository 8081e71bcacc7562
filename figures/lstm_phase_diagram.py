"""Phases of the LSTM over (a_h, a_f) and (a_i, a_f), which no paper has.

Left: non-zero fixed points appear beside the stable zero in a fold, which begins in the tricritical
point a_h = 2, a_f = 8/√3. Right: with all three gates, at a_h where zero is marginal, they appear
continuously below the line a_o² + a_i² + 3a_f² = 64 and by a fold above it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

import rmt_gates as rg
from rmt_gates import plots


def draw(quick: bool = False, rng: Any = 0) -> Figure:
    """The figure; nothing in it is random."""
    points, resolution = (9, 4) if quick else (41, 12)
    figure = Figure(figsize=(8.4, 3.9), layout="constrained")
    left, right = figure.subplots(1, 2)
    over = {"a_h": np.linspace(1, 3, points), "a_f": np.linspace(0, 12, points)}
    model = rg.LSTM(a_h=1)
    lines = rg.phase_lines(model, over, resolution=resolution)
    plots.phase_diagram(rg.phase_diagram(model, over), lines, left)
    left.set_title("$a_i=a_o=0$", fontsize="medium")
    for a_o, color in zip((0.0, 4.0, 6.0), ("0.0", "0.35", "0.6"), strict=True):
        plane = {"a_i": (0, 9), "a_f": (0, 5.5)}
        for curve in rg.phase_lines(rg.LSTM(a_h=1, a_o=a_o), plane, resolution=4).tricritical:
            right.plot(*curve.T, color=color, lw=1.3, label=f"$a_o={a_o:g}$")
    angle = np.linspace(0, np.pi / 2, 15)
    for a_o in (0.0, 4.0, 6.0):
        radius = np.sqrt(64 - a_o**2)
        label = "$a_o^2+a_i^2+3a_f^2=64$" if a_o == 0 else None
        x, y = radius * np.cos(angle), radius * np.sin(angle) / np.sqrt(3)
        right.plot(x, y, ".", color=plots.THEORY, ms=4, label=label)
    right.set(xlabel="$a_i$", ylabel="$a_f$", xlim=(0, 9), ylim=(0, 5.5))
    right.set_title("tricritical lines, $a_h=a_c$", fontsize="medium")
    right.legend(fontsize="small", loc="lower left")
    return figure
