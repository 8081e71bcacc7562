"""The steady state as the root of a sampled map from autocorrelations to autocorrelations.

One *replicate* is a fixed set of white noise; with it the self-consistent autocorrelation is the
deterministic root of a smooth map (common random numbers, Anderson acceleration). Independent
replicates give the standard error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from rmt_gates.architectures.base import Architecture, PathMoments
from rmt_gates.gaussian.conditional_moment import ConditionalMoment, fit_conditional_moment
from rmt_gates.mean_field.anderson import Secants, anderson
from rmt_gates.mean_field.input_paths import InputNoise, InputPaths
from rmt_gates.mean_field.kernels import bounded, possible_step

ROWS_AT_ONCE = 1 << 19  # numbers in one chunk of windows: they stay in cache
FEWEST_PATHS = 32  # but not fewer, so that the loop over lags is over vectors
KERNEL_TOLERANCE = 1e-8  # far below the sampling noise
LIFTED = 3e-3  # above C(0), of C(0): an accelerated step there is cut; one beyond is refused
TAIL = 16  # the last 1/TAIL of the window measures C_h(∞)


class Replicate(NamedTuple):
    """Root of one replicate: its order parameters (m, K+2), E[D|ζ], and how it ended.

    ``fallen``: into a stable fixed point; then there is no ``moment``.
    """

    order: np.ndarray
    moment: ConditionalMoment | None
    rounds: int
    converged: bool
    fallen: bool


class SampledKernelMap:
    """Order parameters ↦ those of units driven by inputs with these order parameters.

    Order parameters are (m, K+2): for each feature (h, and what else the weights multiply) its
    autocorrelation at lags 0…K, and its limit. ``dtype`` : of what is averaged analytically over
    y; single precision is twice as fast, and its rounding is far below the sampling noise.
    """

    def __init__(
        self,
        model: Architecture,
        rng: np.random.Generator,
        paths: int,
        K: int,
        dtype: type = float,
    ) -> None:
        self.model, self.K = model, K
        per_chunk = max(FEWEST_PATHS, ROWS_AT_ONCE // (16 * K))
        sizes = [min(per_chunk, paths - i) for i in range(0, paths, per_chunk)]
        self.chunks = [
            (size, InputNoise(model, child, size, K, dtype=dtype))
            for size, child in zip(sizes, rng.spawn(len(sizes)), strict=True)
        ]
        self.paths = paths

    def _moments(self, order: np.ndarray) -> Iterator[tuple[float, PathMoments]]:
        """Each chunk's share of the sample, and its moments."""
        kernels = self.model.input_kernels(squeezed(order), KERNEL_TOLERANCE)
        for size, noise in self.chunks:
            paths = InputPaths(noise, order, kernels, KERNEL_TOLERANCE)
            yield size / self.paths, self.model.path_moments(paths, self.K)

    def __call__(self, order: np.ndarray) -> np.ndarray:
        mean = np.zeros((len(order), self.K + 1))
        for share, moments in self._moments(bounded(order)):
            mean += share * moments.order
        mean = bounded(mean)
        limit = np.zeros((len(mean), 1))
        if not self.model.zero_bias:
            limit = np.minimum(self._end(mean)[:, None], mean[:, :1])
        return np.concatenate([mean, limit], axis=1)

    def _end(self, order: np.ndarray) -> np.ndarray:
        return np.asarray(order[:, -max(1, self.K // TAIL) :].mean(axis=1))

    def solve(
        self,
        order: np.ndarray,
        tolerance: float,
        rounds: int,
        stop: Callable[[np.ndarray], bool],
        secants: Secants,
        plain: int = 0,
    ) -> tuple[np.ndarray, int, bool]:
        """The self-consistent root from ``order``: (order, rounds, converged).

        ``secants`` are those of maps with other noise, and are added to; ``plain`` rounds come
        first where the start is far away.
        """
        shape = order.shape
        result = anderson(
            lambda x: self(x.reshape(shape)).ravel(),
            order.ravel(),
            tolerance,
            step_tolerance=tolerance,
            rounds=rounds,
            plain=plain,
            stop=lambda x: stop(x.reshape(shape)),
            secants=secants,
            acceptable=lambda new, old: all(
                possible_step(row, before, LIFTED)
                for row, before in zip(new.reshape(shape), old.reshape(shape), strict=True)
            ),
        )
        return bounded(result.image.reshape(shape)), result.rounds, result.converged

    def moment(self, order: np.ndarray) -> ConditionalMoment | None:
        """E[D|ζ] at these order parameters, of the D that the spectrum needs."""
        sampled = [m.moment for _, m in self._moments(order) if m.moment is not None]
        if not sampled:
            return None
        gates, values = (np.concatenate(parts) for parts in zip(*sampled, strict=True))
        return fit_conditional_moment(gates, values, *gate_law(self.model, order))


def squeezed(order: np.ndarray) -> np.ndarray:
    """Order parameters as `Architecture.input_kernels` takes them: 1-D if there is one feature."""
    return order[0] if len(order) == 1 else order


def gate_law(model: Architecture, order: np.ndarray) -> tuple[float, float]:
    """Mean and variance of the gate's input ζ."""
    mean, covariance = model.input_kernels(squeezed(order[:, :1]))[model.gate]
    return float(mean), float(covariance[0])


def tail(order: np.ndarray) -> float:
    """The largest of `signed_tails`, in modulus."""
    return float(np.max(np.abs(signed_tails(order))))


def signed_tails(order: np.ndarray) -> np.ndarray:
    """Mean deviation from the limit just before the lags that measure it, relative to C(0) − C(∞).

    Of every feature; signed, so that sampling noise cancels.
    """
    K = order.shape[1] - 2
    end = max(1, K // TAIL)
    late = slice(K + 1 - 2 * end, K + 1 - end)
    deviation = order[:, late].mean(axis=1) - order[:, -1]
    return np.asarray(deviation / (order[:, 0] - order[:, -1]))
