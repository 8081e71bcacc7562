"""The steady state when the update gate fluctuates: sampled gate paths, φ(y) averaged exactly.

One *replicate* is a fixed set of white noise; with it the self-consistent autocorrelation is the
deterministic root of a smooth map (common random numbers, Anderson acceleration). Independent
replicates give the standard error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rmt_gates.architectures.gru import GRUResetBefore
from rmt_gates.gaussian.conditional_moment import ConditionalMoment, fit_conditional_moment
from rmt_gates.mean_field.anderson import Secants, anderson
from rmt_gates.mean_field.gate_paths import GatePaths
from rmt_gates.mean_field.kernels import possible_step

ROWS_AT_ONCE = 1 << 19  # numbers in one chunk of windows: they stay in cache
FEWEST_PATHS = 32  # but not fewer, so that the loop over lags is over vectors
KERNEL_TOLERANCE = 1e-8  # far below the sampling noise
TAIL = 16  # the last 1/TAIL of the window measures C_h(∞)


class Replicate(NamedTuple):
    """Root of one replicate: kernel over lags 0…K, its limit, E[(h−φ)²|ζ], and how it ended.

    ``fallen``: into a stable fixed point; then there is no ``excess``.
    """

    kernel: np.ndarray
    static: float
    excess: ConditionalMoment | None
    rounds: int
    converged: bool
    fallen: bool


class SampledKernelMap:
    """x = (C_h(0…K), C_h(∞)) ↦ the autocorrelation of h driven by inputs with that x."""

    def __init__(self, model: GRUResetBefore, rng: np.random.Generator, paths: int, K: int) -> None:
        self.model, self.K = model, K
        self.zero_bias = model.zero_bias
        per_chunk = max(FEWEST_PATHS, ROWS_AT_ONCE // (16 * K))
        sizes = [min(per_chunk, paths - i) for i in range(0, paths, per_chunk)]
        self.chunks = [
            (size, GatePaths(child, size, K))
            for size, child in zip(sizes, rng.spawn(len(sizes)), strict=True)
        ]
        self.paths = paths

    def _moments(self, x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
        model = self.model
        C_phi = model.phi_kernel(x, KERNEL_TOLERANCE)
        limit = 0.0 if self.zero_bias else C_phi[-1]
        covariance = model.a_z**2 * x + model.v_z
        kernel, zetas, excesses = np.zeros(self.K + 1), [], []
        for size, gate in self.chunks:
            zeta = gate.windows(model.b_z, covariance[:-1], covariance[-1])
            moments = model.conditional_kernel(zeta, C_phi[:-1], limit)
            kernel += moments.kernel.mean(axis=0) * (size / self.paths)
            zetas.append(zeta[:, self.K].copy())
            excesses.append(moments.excess)
        return kernel, zetas, excesses

    def __call__(self, x: np.ndarray) -> np.ndarray:
        kernel = self._moments(x)[0]
        # a finite sample's autocorrelation may exceed its variance by rounding at short lags
        kernel = np.clip(kernel, -kernel[0], kernel[0])
        if self.zero_bias:
            limit = 0.0
        else:
            limit = min(float(kernel[-max(1, self.K // TAIL) :].mean()), float(kernel[0]))
        return np.append(kernel, limit)

    def solve(
        self,
        x: np.ndarray,
        tolerance: float,
        rounds: int,
        stop: Callable[[np.ndarray], bool],
        secants: Secants | None = None,
    ) -> tuple[np.ndarray, int, bool]:
        """The self-consistent root from ``x``: (x, rounds, converged)."""
        result = anderson(
            self,
            x,
            tolerance,
            step_tolerance=tolerance,
            rounds=rounds,
            plain=2 if secants is None else 0,
            stop=stop,
            secants=secants,
            acceptable=possible_step,
        )
        return result.image, result.rounds, result.converged

    def excess(self, x: np.ndarray) -> ConditionalMoment:
        """E[(h−φ(y))²|ζ] at the kernel x."""
        _, zetas, excesses = self._moments(x)
        variance = self.model.a_z**2 * x[0] + self.model.v_z
        return fit_conditional_moment(
            np.concatenate(zetas), np.concatenate(excesses), self.model.b_z, variance
        )
