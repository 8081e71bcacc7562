"""Stationary paths of a Gaussian input, cut into windows around start times; common noise."""

from __future__ import annotations

import numpy as np
from scipy import fft

from rmt_gates.gaussian import sample_paths, spectrum

STARTS = 4  # windows per circulant path, one every K steps of its period 4K


class GatePaths:
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

    def windows(self, mean: float, covariance: np.ndarray, static: float) -> np.ndarray:
        """(rows, 2K) paths at times t−K … t+K−1 around each start t (column K).

        ``covariance`` (K+1,) over lags 0…K, tending to ``static``.
        """
        decaying = spectrum(covariance - static, period=STARTS * self.K)
        deviation = sample_paths(decaying, noise_hat=self._noise)
        deviation += np.sqrt(max(static, 0.0)) * self._static
        if self.mirrored:
            deviation = np.concatenate([deviation, -deviation])
        around = np.concatenate([deviation[:, -self.K :], deviation], axis=1)
        cut = np.lib.stride_tricks.sliding_window_view(around, 2 * self.K, axis=1)
        return mean + cut[:, : STARTS * self.K : self.K].reshape(-1, 2 * self.K)
