"""Stationary paths of Gaussian inputs from fixed white noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import fft
from scipy.special import ndtri

from rmt_gates.architectures.base import Architecture, GaussianInput
from rmt_gates.gaussian import sample_paths, spectrum

BLOCKS = 4  # of K steps in a circulant path: each is the past of the next
PERIOD = 2  # in units of K, of paths used whole: the circular autocorrelation of a sample, over
# half its period, is a covariance of that period whatever its noise, and no spectrum is clipped


def stratified_normal(rng: np.random.Generator, n: int) -> np.ndarray:
    """n normal numbers, one in each of n strata of equal probability, in random order.

    For what varies from unit to unit and is not averaged over time.
    """
    return np.asarray(ndtri((rng.permutation(n) + rng.uniform(size=n)) / n))


class PathNoise:
    """Fixed white noise that every round turns into paths with the current autocorrelation.

    The noise is drawn once (common random numbers), so that the sampled kernel is a smooth,
    deterministic function of the kernel put in. Every path comes with its mirror image
    (antithetic noise).
    """

    def __init__(
        self,
        rng: np.random.Generator,
        paths: int,
        K: int,
        mirrored: bool = True,
        period: int = BLOCKS,
        dtype: type = float,
    ) -> None:
        self.K, self.period = K, period * K
        self.mirrored = mirrored
        self._static = stratified_normal(rng, paths)[:, None]
        noise = fft.rfft(rng.standard_normal((paths, self.period)))
        # each frequency with exactly its power: what responds linearly to the input has no noise,
        # and no frequency of a few paths seems to grow by itself
        noise *= np.sqrt(self.period / np.mean(np.abs(noise) ** 2, axis=0))
        self._noise = noise.astype(np.result_type(dtype, np.complex64))

    def periodic(self, mean: float, covariance: np.ndarray, static: float) -> np.ndarray:
        """(rows, period) paths; ``covariance`` (K+1,) over lags 0…K, tending to ``static``."""
        decaying = spectrum(covariance - static, period=self.period)
        deviation = sample_paths(decaying, noise_hat=self._noise)
        deviation += (np.sqrt(max(static, 0.0)) * self._static).astype(deviation.dtype)
        if self.mirrored:
            deviation = np.concatenate([deviation, -deviation])
        return np.asarray(deviation + deviation.dtype.type(mean))


class InputNoise:
    """`PathNoise` for each remembered input of a unit, drawn when it is first asked for.

    ``noise[name, period]``, the period in units of K. ``dtype`` is that of the blocks.
    """

    def __init__(
        self,
        model: Architecture,
        rng: np.random.Generator,
        paths: int,
        K: int,
        mirrored: bool = True,
        dtype: type = float,
    ) -> None:
        children = rng.spawn(len(model.remembered))
        self._child = dict(zip(model.remembered, children, strict=True))
        self._shape, self._dtype = (paths, K, mirrored), dtype
        self._drawn: dict[tuple[str, int], PathNoise] = {}

    def __getitem__(self, key: tuple[str, int]) -> PathNoise:
        if key not in self._drawn:
            name, period = key
            dtype = self._dtype if period == BLOCKS else float
            self._drawn[key] = PathNoise(self._child[name], *self._shape, period, dtype)
        return self._drawn[key]


class InputPaths:
    """The paths of one round: fixed noise, and the kernels of the inputs of this round.

    order : (m, K+2) autocorrelations of the features at lags 0…K and ∞, which gave the kernels.
    tolerance : that deterministic kernels need not exceed.
    """

    def __init__(
        self,
        noise: InputNoise,
        order: np.ndarray,
        kernels: Mapping[str, GaussianInput],
        tolerance: float,
    ) -> None:
        self.order, self.tolerance = order, tolerance
        self._noise, self._kernels = noise, kernels

    def _law(self, name: str) -> tuple[float, Any, float]:
        mean, covariance = self._kernels[name]
        return mean, covariance[:-1], float(covariance[-1])

    def periodic(self, name: str) -> np.ndarray:
        """(2K, rows) paths of one input, time first, of period 2K."""
        return np.ascontiguousarray(self._noise[name, PERIOD].periodic(*self._law(name)).T)

    def blocks(self, name: str) -> np.ndarray:
        """(rows, BLOCKS, K) paths of one input, on a circle."""
        path = self._noise[name, BLOCKS].periodic(*self._law(name))
        return path.reshape(len(path), BLOCKS, -1)
