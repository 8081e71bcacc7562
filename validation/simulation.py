"""Sampled networks of a case: one-unit averages, autocorrelation, eigenvalues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import rmt_gates as rg
from rmt_gates.unit import Unit
from validation.case import Case

AVERAGED_STATES = 20  # of a run, enter the one-unit averages beyond E[h²]
SMALL_START = 1e-2
SMALLER = 4  # N and N/4: extrapolation in 1/N multiplies the error of N by 4/3 only
LEFT = 0.1  # of its largest E[h²]: a network below has left the branch


@dataclass(frozen=True)
class Simulation:
    """Averages are (networks,) arrays by name for each size; eigenvalues are (spectra, N) for each.

    ``units`` : of the networks that were diagonalised, at the state that they were.
    ``autocorrelation`` : mean over networks of N units, at every ``case.every``-th lag;
    ``autocorrelation_error`` : its standard error.
    ``left`` : networks that left a metastable branch and were replaced; ``drift`` : of E[h²]
    between the halves of the runs, in its standard errors.
    """

    averages: dict[int, dict[str, np.ndarray]]
    autocorrelation: np.ndarray
    autocorrelation_error: np.ndarray
    eigenvalues: dict[int, np.ndarray]
    units: dict[int, list[Unit]]
    drift: float
    left: int


def simulate(case: Case, device: str) -> Simulation:
    """Run networks of N and of N/4 units of a case."""
    averages: dict[int, dict[str, np.ndarray]] = {}
    kernels: list[np.ndarray] = []
    spectra: dict[int, np.ndarray] = {}
    units: dict[int, list[Unit]] = {}
    halves: list[float] = []
    left = 0
    large, small = np.random.SeedSequence(case.seed).spawn(2)
    sizes = [(case.N, case.networks, case.spectra, large)]
    if case.extrapolate:
        sizes.append((case.N // SMALLER, 2 * case.networks, 2 * case.spectra, small))
    for N, count, diagonalised, seed in sizes:
        rows: list[dict[str, float]] = []
        lam: list[np.ndarray] = []
        units[N] = []
        while len(rows) < count:
            weights, begin = seed.spawn(1)[0].spawn(2)
            network = _network(case, N, weights, device)
            scale = 1.0 if case.start == "large" else SMALL_START
            core = network.initial_state(0).shape
            h = np.random.default_rng(begin).standard_normal((case.states, *core)) * scale
            run = network.run(case.steps, h, record=case.every, burn_in=case.burn_in)
            if case.metastable and np.any(run.mean_square[-1] < LEFT * np.max(run.mean_square)):
                left += 1
                if left > 2 * count:
                    raise RuntimeError(f"{case.name}: too many networks leave the branch")
                continue
            recorded = run.recorded.cpu().numpy()
            few = run.recorded[:: max(1, len(recorded) // AVERAGED_STATES)]
            row = network.unit(few).averages()
            row["C_h(0)"] = float(np.mean(run.mean_square))
            rows.append(row)
            if len(lam) < diagonalised:
                lam.append(network.eigenvalues(run.h[0]))
                units[N].append(network.unit(run.h[0]))
            if N == case.N:
                half = len(run.mean_square) // 2
                halves.append(np.mean(run.mean_square[half:]) - np.mean(run.mean_square[:half]))
                kernels.append(_autocorrelation(recorded.reshape(len(recorded), -1, *core)))
        spectra[N] = np.array(lam)
        averages[N] = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    error = np.std(halves, ddof=1) / np.sqrt(len(halves))
    drift = float(np.mean(halves) / error) if error > 0 else 0.0
    kernel, spread = np.mean(kernels, axis=0), np.std(kernels, axis=0, ddof=1)
    scatter = spread / np.sqrt(len(kernels))
    return Simulation(averages, kernel, scatter, spectra, units, drift, left)


def _network(case: Case, N: int, seed: np.random.SeedSequence, device: str) -> Any:
    """A draw of the ensemble, or a torch module as torch initialises it."""
    if case.torch_module is None:
        return rg.sample_network(case.model, N, rng=seed, device=device)
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(seed.generate_state(1)[0]))
        module = getattr(torch.nn, case.torch_module)(1, N)
    return rg.from_torch(module.to(device)).network


def _autocorrelation(h: np.ndarray) -> np.ndarray:
    """E[h_t h_{t+k}] over units, states and times of a run (time, states, N), up to half of it.

    Of an LSTM (time, states, 2, N) the second variable, h, counts.
    """
    flat = (h[:, :, -1] if h.ndim == 4 else h).reshape(len(h), -1)
    lags = len(flat) // 2
    power = np.abs(np.fft.rfft(flat, 2 * len(flat), axis=0)) ** 2
    sums = np.fft.irfft(power.sum(axis=1), 2 * len(flat))[:lags] / flat.shape[1]
    return sums / (len(flat) - np.arange(lags))
