"""Can, Krishnamurthy & Schwab (2020), Fig. 2 left: phases of the GRU over (a_h, a_r).

Zero is stable left of a_h = 2; beyond the fold (red), which begins in the tricritical point (dot),
two more fixed points are there. Hatched: a sharp update gate makes the highest one marginally
stable, 1 < ρ < √2. New: the dashed line, where the chaotic state of a GRU with a constant gate
ends by a jump (`rmt_gates.chaos_boundary`), well above the fold. Triangles: networks of N units
with the weights of an active one, scaled; up, activity stays, down, it dies.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

import rmt_gates as rg
from rmt_gates import plots

A_R = 30.0  # the highest
ENDS = (1.75, 1.8, 1.85, 1.9, 1.94)  # a_h at which the end of chaos is looked for
NETWORKS = (1.8, 1.9)
BESIDE = (0.75, 1.4)  # of the a_r where chaos ends
MARKER = {True: "^", False: "v"}  # of a network that stays active, and one that dies
DEAD = 5e-3  # E[h²] of a network that will not come back; active ones have 0.02 and more
STEPS = 300  # finite networks die in the end, close to the line soon


def draw(quick: bool = False, rng: Any = 0) -> Figure:
    """The figure; `rng` is anything that `numpy.random.default_rng` takes."""
    points, N, ends = (41, 500, (1.8,)) if quick else (241, 3000, ENDS)
    over = {"a_h": np.linspace(1, 3, points), "a_r": np.linspace(0, A_R, points)}
    model = rg.GRU(a_h=1)
    figure = Figure(figsize=(5.2, 4.4), layout="constrained")
    ax = plots.phase_diagram(
        rg.phase_diagram(model, over), rg.phase_lines(model, over), figure.add_subplot()
    )
    chaos = np.array([(a_h, end_of_chaos(a_h).value) for a_h in ends])
    line = ax.plot(*chaos.T, "k--", marker=".", lw=1.2, label="chaos ends")
    for a_h in NETWORKS:
        for share in BESIDE if a_h in chaos[:, 0] else ():
            a_r = share * float(chaos[chaos[:, 0] == a_h, 1][0])
            stays = is_active(rg.GRU(a_h=a_h, a_r=a_r), N, rng)
            ax.plot(a_h, a_r, MARKER[stays], ms=5, mfc="white", mec="k", zorder=4)
    legend = ax.get_legend()
    assert legend is not None
    handles = [*legend.legend_handles, *line]
    for stays, label in ((True, f"N = {N} stays active"), (False, "dies")):
        handles += ax.plot([], [], MARKER[stays], ms=5, mfc="white", mec="k", label=label)
    ax.legend(handles=handles, fontsize="x-small", loc="upper right", framealpha=0.9)
    return figure


def end_of_chaos(a_h: float) -> Any:
    """Followed downwards in a_r, at z = 1/2."""
    fold = rg.critical_reset_gain(a_h)
    return rg.chaos_boundary(rg.GRU(a_h=a_h, a_r=4 * fold), "a_r", toward=fold)


def is_active(model: Any, N: int, rng: Any) -> bool:
    """Whether a network that was active at twice the a_r still is after many steps at this one."""
    seed = int(np.random.default_rng(rng).integers(2**31))
    before = rg.sample_network(model.replace(a_r=2 * model.a_r), N, rng=seed)
    network = rg.sample_network(model, N, rng=seed)  # the same weights, but for their scale
    last = network.run(STEPS, h=before.run(200, rng=seed).h).h
    return bool(np.mean(np.asarray(last) ** 2) > DEAD)
