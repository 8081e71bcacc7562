"""Can, Krishnamurthy & Schwab (2020), Fig. 3: spectra, radii and slow modes of the LSTM.

a–d: the 2N eigenvalues of the Jacobian of one network in its steady state, a_h = 3, a_i = 1, and
the curve (36) of `rg.steady_state` in red. A state of a network of 1000 units is off the average by
some 7 % in C_h(0), and so its eigenvalues scatter about the curve together. e: the spectral radius
over the gain of one gate, the other gains being 0. Dots with bars are the mean and the spread of
several networks, the dashed lines the √a_k of Proposition 5.5. At gains of some 100 few gates of a
network are between shut and open, and its radius depends much on which.

f: the fraction of eigenvalues within 0.05 of λ = 1 over the gain of the forget gate, in the states
and networks of e, without a fit, and the paper's (111) and (112) with their errors below
(`figures.slow_modes`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import brentq
from tqdm import tqdm

import rmt_gates as rg
from figures.four_spectra import four_spectra
from figures.networks import mean_and_spread, several_networks
from figures.slow_modes import slow_mode_panel
from rmt_gates import plots

A_H = 3.0
PANELS = {"a": (1.0, 1.0), "b": (10.0, 1.0), "c": (1.0, 10.0), "d": (10.0, 10.0)}  # (a_f, a_o)
MARKERS = {"o": "o", "i": "s", "f": "^"}  # of the networks in e, gate by gate


class Effort(NamedTuple):
    """Sizes: units, networks a dot, rtol of steady states, and where radii are computed."""

    N: int
    networks: int
    rtol: float
    gains: dict[str, tuple[float, ...]]
    sampled_gains: dict[str, tuple[float, ...]]


STRONG = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
FULL = Effort(
    1000,
    6,
    1e-2,
    {"o": STRONG, "i": STRONG, "f": (1, 2, 5, 10, 20, 50, 100)},
    {"o": (3, 30, 300), "i": (3, 30, 300), "f": (2, 5, 10, 20, 100)},
)
QUICK = Effort(
    200,
    3,
    3e-2,
    {"o": (1, 10, 100, 1000), "i": (1, 10, 100, 1000), "f": (1, 4, 12)},
    {"o": (10, 100), "i": (10, 100), "f": (4, 12)},
)


def draw(quick: bool = False, rng: Any = 0) -> Figure:
    """The figure; `rng` is anything that `numpy.random.default_rng` takes."""
    effort = QUICK if quick else FULL
    generator = np.random.default_rng(rng)
    models = {
        f"$a_f={a_f:g}$, $a_o={a_o:g}$": rg.LSTM(a_h=A_H, a_i=1, a_f=a_f, a_o=a_o)
        for a_f, a_o in PANELS.values()
    }
    figure, axes = four_spectra(models, effort.N, effort.rtol, generator)
    states, sampled = gate_sweeps(effort, generator)
    radius_panel(axes["e"], effort, states, sampled)
    slow_mode_panel(axes["f"], axes["error"], "f", states["f"], sampled["f"])
    axes["f"].set_xscale("log")  # and of the errors, which share it
    return figure


def gate_sweeps(
    effort: Effort, rng: np.random.Generator
) -> tuple[dict[str, list[Any]], dict[str, dict[float, np.ndarray]]]:
    """For each gate alone, states over its gain, and eigenvalues of networks by gain."""
    states: dict[str, list[Any]] = {gate: [] for gate in effort.gains}
    for gate, gains in tqdm(effort.gains.items(), desc="states of e and f", disable=None):
        for a in gains:
            states[gate].append(rg.steady_state(alone(gate, a), rng=rng, rtol=effort.rtol))
    sampled = {}
    for gate, gains in effort.sampled_gains.items():
        models = [alone(gate, a) for a in gains]
        eigenvalues = several_networks(models, effort.N, effort.networks, rng)
        sampled[gate] = dict(zip(gains, eigenvalues))
    return states, sampled


def radius_panel(
    ax: Axes,
    effort: Effort,
    states: dict[str, list[Any]],
    sampled: dict[str, dict[float, np.ndarray]],
) -> None:
    """The radius over the gain of one gate, and that of networks."""
    for gate, gains in effort.gains.items():
        radii, errors = np.array([radius(state) for state in states[gate]]).T
        label = "theory" if gate == "o" else f"theory, {gate}"
        style = {"color": plots.THEORY, "lw": 1.5, "elinewidth": 1.0, "capsize": 1.5}
        ax.errorbar(gains, radii, errors, label=label, **style)  # type: ignore[arg-type]
        last = np.flatnonzero(np.isfinite(radii))[-1]
        ax.annotate(f"$a_{gate}$", (gains[last], radii[last]), (5, 0), textcoords="offset points")
        if gate != "f":
            guide = np.array([a for a in gains if a >= 100])
            law = r"$\propto\sqrt{a_k}$" if gate == "o" else f"guide, {gate}"
            ax.plot(guide, 0.8 * radii[-1] * np.sqrt(guide / gains[-1]), "k--", lw=1, label=law)
        moduli = [np.abs(lam).max(axis=-1) for lam in sampled[gate].values()]
        label = f"networks, $N={effort.N}$" if gate == "o" else f"networks, {gate}"
        mean_and_spread(ax, list(sampled[gate]), moduli, fmt=f"k{MARKERS[gate]}", label=label)
    ax.set(xscale="log", yscale="log", xlim=(0.8, 1900), ylim=(0.95, 10))
    ax.set(xlabel="$a_k$", ylabel="spectral radius  (the other gains 0)")
    ticks = [1, 2, 5, 10]
    ax.set_yticks(ticks, [str(t) for t in ticks])
    ax.set_yticks([], minor=True)
    handles, labels = ax.get_legend_handles_labels()
    shown = [(h, l) for h, l in zip(handles, labels) if ", i" not in l and ", f" not in l]
    ax.legend(*zip(*shown), loc="upper left", frameon=False)


def alone(gate: str, gain: float) -> Any:
    """The LSTM with one gate that has a gain."""
    return rg.LSTM(a_h=A_H, **{f"a_{gate}": gain})


def radius(state: Any) -> tuple[float, float]:
    """Spectral radius of a state and its error, NaN if it did not converge.

    If the forget gate is constant, f = ½, the radius follows from two averages by (39): the largest
    root of E[q]/x² + E[p]/(x−½)² = 1.
    """
    if not state.converged:
        return np.nan, np.nan
    if state.model.a_f > 0:
        curve = rg.spectral_curve(state)
        return curve.radius, curve.radius_error
    (q, q_error), (p, p_error) = (state.averages[name] for name in ("E[q]", "E[p]"))

    def largest_root(q: float, p: float) -> float:
        def S(x: float) -> float:
            return q / x**2 + p / (x - 0.5) ** 2 - 1

        return float(brentq(S, 0.5 + 0.9 * np.sqrt(p), 0.6 + np.sqrt(p + q)))

    value = largest_root(q, p)
    return value, largest_root(q + q_error, p + p_error) - value
