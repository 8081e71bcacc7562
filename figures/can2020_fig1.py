"""Can, Krishnamurthy & Schwab (2020), Fig. 1: spectra, radii and slow modes in the steady state.

a–d: eigenvalues of the Jacobian of one network in its steady state, a_h = 3, and the curve (18) of
`rg.steady_state` in red. e: the spectral radius over a_r without update gate (a_z = 0), where
Proposition 4.5 has it grow as √a_r; inset: over a_z without reset gate (a_r = 0), where it falls
to unity. Dots with bars are the mean and the spread of several networks. The networks' radii in the
inset lie below the theory at large a_z: the tip of the curve beyond 1 is so thin that a network of
this size has few eigenvalues in it, often none.

f: the fraction of eigenvalues within 0.05 of λ = 1 in the same states and networks, without a fit,
and the paper's (111) and (112) with their errors below (`figures.slow_modes`). Beyond a_z = 8 these
states remember too long to be found.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tqdm import tqdm

import rmt_gates as rg
from figures.four_spectra import four_spectra
from figures.networks import mean_and_spread, several_networks
from figures.slow_modes import slow_mode_panel
from rmt_gates import plots

A_H = 3.0
PANELS = {"a": (1.0, 10.0), "b": (10.0, 10.0), "c": (1.0, 1.0), "d": (10.0, 1.0)}  # (a_z, a_r)


class Effort(NamedTuple):
    """Sizes: units, networks a dot, rtol of steady states, and where radii are computed."""

    N: int
    networks: int
    rtol: float
    reset_gains: np.ndarray
    sampled_reset_gains: tuple[float, ...]
    update_gains: tuple[float, ...]
    sampled_update_gains: tuple[float, ...]


FULL = Effort(
    1000,
    8,
    5e-3,
    np.geomspace(0.5, 1000, 23),
    (1, 10, 100),
    (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8),
    (1, 2, 3, 4, 6),
)
QUICK = Effort(400, 3, 2e-2, np.geomspace(0.5, 1000, 8), (1, 10, 100), (0, 1, 2, 3, 4), (1, 3))


def draw(quick: bool = False, rng: Any = 0) -> Figure:
    """The figure; `rng` is anything that `numpy.random.default_rng` takes."""
    effort = QUICK if quick else FULL
    generator = np.random.default_rng(rng)
    models = {
        f"$a_z={a_z:g}$, $a_r={a_r:g}$": rg.GRU(a_h=A_H, a_z=a_z, a_r=a_r)
        for a_z, a_r in PANELS.values()
    }
    figure, axes = four_spectra(models, effort.N, effort.rtol, generator)
    reset_panel(axes["e"], effort, generator)
    states, sampled = update_sweep(effort, generator)
    inset = axes["e"].inset_axes((0.19, 0.58, 0.47, 0.36))
    update_inset(inset, states, sampled)
    slow_mode_panel(axes["f"], axes["error"], "z", states, sampled)
    return figure


def reset_panel(ax: Axes, effort: Effort, rng: np.random.Generator) -> None:
    """The radius over a_r at a_z = 0, where the steady state is exact."""
    gains = effort.reset_gains
    models = [rg.GRU(a_h=A_H, a_r=a_r) for a_r in gains]
    radii = np.array([rg.spectral_radius(rg.steady_state(model)) for model in models])
    ax.loglog(gains, radii, color=plots.THEORY, lw=1.5, label="theory")
    guide = gains[gains >= 3]
    ax.plot(
        guide, radii[-1] * np.sqrt(guide / gains[-1]), "k--", lw=1, label=r"$\propto\sqrt{a_r}$"
    )
    sampled = [rg.GRU(a_h=A_H, a_r=a_r) for a_r in effort.sampled_reset_gains]
    counted = [radius(lam) for lam in several_networks(sampled, effort.N, effort.networks, rng)]
    mean_and_spread(ax, effort.sampled_reset_gains, counted, label=f"networks, $N={effort.N}$")
    ticks = [1, 2, 5]
    ax.set(xlabel="$a_r$", ylabel="spectral radius  ($a_z=0$)", ylim=(0.7, 14))
    ax.set_yticks(ticks, [str(t) for t in ticks])
    ax.set_yticks([], minor=True)
    ax.legend(loc="lower right", frameon=False)


def update_sweep(
    effort: Effort, rng: np.random.Generator
) -> tuple[list[Any], dict[float, np.ndarray]]:
    """States over a_z at a_r = 0, each from that of the a_z before, and eigenvalues by a_z."""
    states: list[Any] = []
    for a_z in tqdm(effort.update_gains, desc="states of the inset of e, and f", disable=None):
        start = states[-1] if states else "large"
        model = rg.GRU(a_h=A_H, a_z=a_z)
        states.append(rg.steady_state(model, start=start, rng=rng, rtol=effort.rtol))
    gains = effort.sampled_update_gains
    models = [rg.GRU(a_h=A_H, a_z=a_z) for a_z in gains]
    return states, dict(zip(gains, several_networks(models, effort.N, effort.networks, rng)))


def update_inset(ax: Axes, states: list[Any], sampled: dict[float, np.ndarray]) -> None:
    """The radius over a_z at a_r = 0."""
    gains = [state.model.a_z for state in states]
    curves = [rg.spectral_curve(state) for state in states]
    radii = [curve.radius if state.converged else np.nan for state, curve in zip(states, curves)]
    style = {"color": plots.THEORY, "lw": 1.5, "elinewidth": 1.0, "capsize": 1.5, "label": "theory"}
    ax.errorbar(gains, radii, [c.radius_error for c in curves], **style)  # type: ignore[arg-type]
    mean_and_spread(ax, list(sampled), [radius(lam) for lam in sampled.values()])
    ax.axhline(1, color=plots.MIDDLE, lw=0.6)
    ax.set_xlabel("$a_z$", labelpad=1)
    ax.set_xticks(range(0, int(max(gains)) + 1, 2))
    ax.set_ylabel("radius  ($a_r=0$)", fontsize="small")
    ax.tick_params(labelsize="small")


def radius(eigenvalues: np.ndarray) -> np.ndarray:
    """The spectral radius of every network."""
    return np.asarray(np.abs(eigenvalues).max(axis=-1))
