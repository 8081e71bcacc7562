"""Stationary paths of Gaussian inputs from fixed white noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import fft

from rmt_gates.architectures.base import Architecture, GaussianInput
from rmt_gates.gaussian import sample_paths, spectrum

STARTS = 4  # windows per circulant path, one every K steps of its period 4K


class PathNoise:
    """Fixed white noise that every round turns into paths with the current autocorrelation.

    The noise is drawn once (common random numbers), so that the sampled kernel is a smooth,
    deterministic function of the kernel put in. Every path comes with its mirror image
    (antithetic noise).
    """

    def __init__(self, rng: np.random.Generator, paths: int, K: int, mirrored: bool = True) -> None:
        self.K = K
        self.mirrored = mirrored
        self._static = rng.standard_normal((paths, 1))
        self._noise = fft.rfft(rng.standard_normal((paths, STARTS * K)))

    def periodic(self, mean: float, covariance: np.ndarray, static: float) -> np.ndarray:
        """(rows, 4K) paths of period 4K; ``covariance`` (K+1,) over lags 0…K, → ``static``."""
        decaying = spectrum(covariance - static, period=STARTS * self.K)
        deviation = sample_paths(decaying, noise_hat=self._noise)
        deviation += np.sqrt(max(static, 0.0)) * self._static
        if self.mirrored:
            deviation = np.concatenate([deviation, -deviation])
        return np.asarray(mean + deviation)

    def windows(self, mean: float, covariance: np.ndarray, static: float) -> np.ndarray:
        """(rows, 2K) paths at times t−K … t+K−1 around each start t (column K)."""
        path = self.periodic(mean, covariance, static)
        around = np.concatenate([path[:, -self.K :], path], axis=1)
        cut = np.lib.stride_tricks.sliding_window_view(around, 2 * self.K, axis=1)
        return cut[:, : STARTS * self.K : self.K].reshape(-1, 2 * self.K)


class InputNoise:
    """`PathNoise` for each remembered input of a unit, drawn when it is first asked for."""

    def __init__(
        self,
        model: Architecture,
        rng: np.random.Generator,
        paths: int,
        K: int,
        mirrored: bool = True,
    ) -> None:
        children = rng.spawn(len(model.remembered))
        self._drawn: dict[str, PathNoise] = {}
        self._draw = {
            name: lambda child=child: PathNoise(child, paths, K, mirrored)
            for name, child in zip(model.remembered, children, strict=True)
        }

    def __getitem__(self, name: str) -> PathNoise:
        if name not in self._drawn:
            self._drawn[name] = self._draw[name]()
        return self._drawn[name]


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
        """(4K, rows) paths of one input, time first, of period 4K."""
        return np.ascontiguousarray(self._noise[name].periodic(*self._law(name)).T)

    def windows(self, name: str) -> np.ndarray:
        """(rows, 2K) paths of one input around its start times (column K)."""
        return self._noise[name].windows(*self._law(name))
