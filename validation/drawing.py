"""The figures of a case: spectrum and autocorrelation, the laws of |λ−1| and |λ|, convergence."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure

from rmt_gates import plots
from rmt_gates.masses import enclosed
from validation.convergence import Convergence
from validation.masses import Masses, modulus
from validation.simulation import Simulation
from validation.verdict import Outcome

RADII = 120  # of the networks' laws
RED, BAND = plots.THEORY, "0.8"


def figures(outcome: Outcome) -> dict[str, Figure]:
    """Name -> figure; none if there was no theory."""
    case, simulation = outcome.case, outcome.simulation
    if simulation is None:
        return {}
    drawn = {"": state_and_spectrum(outcome, simulation)}
    if outcome.masses:
        drawn["masses"] = laws(outcome.masses, simulation.eigenvalues[case.N])
    title = f"{case.title}: {case.model!r}, start {case.start}"
    for figure in drawn.values():
        figure.suptitle(textwrap.fill(title, 110), fontsize="medium")
    if outcome.convergence:
        drawn["convergence"] = convergence(outcome.convergence)
    return drawn


def state_and_spectrum(outcome: Outcome, simulation: Simulation) -> Figure:
    """Spectrum and autocorrelation, side by side."""
    case = outcome.case
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    plots.spectrum(outcome.curve, simulation.eigenvalues[case.N][:1], ax=left)
    simulated, scatter = simulation.autocorrelation, simulation.autocorrelation_error
    lags = case.every * np.arange(len(simulated))
    plots.autocorrelation(outcome.state, ax=right)
    label = f"networks, N = {case.N}, as they are"
    right.errorbar(lags, simulated, scatter, fmt="ko", ms=3, mfc="none", lw=0.7, label=label)
    right.set_xlim(0, lags[-1])
    right.set_ylim(bottom=min(0.0, float(simulated.min())))
    right.legend()
    left.set_title(f"Jacobian of one network, N = {case.N}")
    right.set_title(f"Autocorrelation, mean over {case.networks} networks")
    return figure


def laws(masses: Masses, spectra: np.ndarray) -> Figure:
    """Cumulative laws of |λ−1| and |λ|: theory on networks, and their difference below."""
    figure = Figure(figsize=(11, 5.6), layout="constrained")
    above, below = figure.subplots(2, 2, sharex="col", height_ratios=(3, 1))
    for center, law, rest in zip((1.0, 0.0), above, below, strict=True):
        R = np.linspace(0, np.abs(spectra - center).max(), RADII)
        simulated = np.array([enclosed(spectra, center, radius) for radius in R])
        mean, spread = simulated.mean(axis=1), simulated.std(axis=1, ddof=1)
        label = f"mean of {len(spectra)} networks, ± their standard deviation"
        law.fill_between(R, mean - spread, mean + spread, color=BAND, lw=0)
        law.plot(R, mean, "k-", lw=0.8, label=label)
        at = masses.law(center)
        radii, error = masses.discs[at, 1], masses.direct.error[at]
        law.plot(radii, masses.theory[at], "o", color=RED, ms=5, mfc="none", label="theory, N = ∞")
        deviation = masses.direct.difference[at] / np.where(error > 0, error, np.inf)
        rest.axhspan(-masses.direct.quantile, masses.direct.quantile, color=BAND, lw=0)
        rest.axhline(0, color="k", lw=0.5)
        rest.plot(radii, deviation, "o", color=RED, ms=5, mfc="none")
        law.set(ylabel=f"fraction with {modulus(center)} < R", ylim=(0, 1.02))
        rest.set(xlabel="R", xlim=(0, R[-1]), ylabel="difference\n(std. errors)")
    figure.legend(*above[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    above[0].set_title("Slow modes: distances from λ = 1")
    above[1].set_title("Moduli")
    return figure


def convergence(study: Convergence) -> Figure:
    """Scatter of the masses, and their difference from theory, by size: both axes logarithmic."""
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    ax = figure.subplots()
    shown = (
        (study.scatter, study.rate, "k", "scatter of masses"),
        (study.own_scatter, study.own_rate, "C0", "scatter about those of their own units"),
    )
    for values, (rate, error), colour, name in shown:
        middle = np.exp(np.mean(np.log(values * study.sizes**rate)))
        label = f"{name}: $N^{{-{rate:.2f} \\pm {error:.2f}}}$"
        ax.errorbar(
            study.sizes, values, values / np.sqrt(2 * (study.networks - 1)), fmt="o", color=colour
        )
        ax.plot(study.sizes, middle * study.sizes**-rate, color=colour, lw=0.8, label=label)
    ax.plot(study.sizes, study.difference, "s", color=RED, label="|mean − theory|")
    ax.plot(study.sizes, study.difference_error, "--", color=RED, lw=0.8, label="by chance alone")
    ax.set(xscale="log", yscale="log", xlabel="N", ylabel="fraction of eigenvalues (rms of discs)")
    ax.set_xticks(study.sizes, map(str, study.sizes))
    ax.set_xticks([], minor=True)
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return figure
