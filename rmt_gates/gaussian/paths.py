"""Stationary Gaussian paths with a given autocovariance, by circulant embedding.

A kernel C(0..K) that has decayed to zero is continued symmetrically to a period L; the circulant
matrix with that first row has the discrete Fourier transform of the row as its eigenvalues. White
noise filtered by their square roots has exactly this covariance, periodically continued
(C. R. Dietrich and G. N. Newsam, SIAM J. Sci. Comput. 18, 1088, 1997).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from .mesh import Array


@dataclass(frozen=True, eq=False)
class CirculantSpectrum:
    """The power spectrum of a stationary path of period L.

    density : (L/2 + 1,), the eigenvalues at the frequencies 0 ... 1/2 per step, none negative
    clipped : Σ|negative| / Σ|all| over the L eigenvalues before the negative ones were set to 0;
        0 where the kernel is a covariance of period L
    period : L, even
    """

    density: Array
    clipped: float
    period: int

    @property
    def kernel(self) -> Array:
        """The covariance (L/2 + 1,) at lags 0 ... L/2 that sampled paths really have."""
        return np.asarray(fft.irfft(self.density, self.period)[: self.period // 2 + 1])


def spectrum(kernel: ArrayLike, period: int | None = None) -> CirculantSpectrum:
    """The circulant spectrum of the autocovariance `kernel`, C(k) at lags k = 0 ... K.

    kernel : (K + 1,), decayed to 0 (subtract a static part before)
    period : L, even and at least 2K (2K by default); beyond lag K the kernel is 0

    The density is Σ_k C(|k|) cos(2π j k / L), j = 0 ... L/2, with negative values set to 0.
    """
    c = np.asarray(kernel, float)
    if c.ndim != 1 or c.size < 2:
        raise ValueError(f"kernel must have one dimension and at least two lags, got {c.shape}")
    lags = c.size - 1
    length = 2 * lags if period is None else int(period)
    if length % 2 or length < 2 * lags:
        raise ValueError(f"period must be even and at least {2 * lags}, got {period}")
    half = np.zeros(length // 2 + 1)
    half[: lags + 1] = c
    row = np.concatenate([half, half[-2:0:-1]])
    density = fft.rfft(row).real
    multiplicity = np.full(density.size, 2.0)
    multiplicity[[0, -1]] = 1.0
    total = float(multiplicity @ np.abs(density))
    negative = float(multiplicity @ np.maximum(-density, 0.0))
    clipped = negative / total if total > 0 else 0.0
    return CirculantSpectrum(np.maximum(density, 0.0), clipped, length)


def sample_paths(
    spectrum: CirculantSpectrum,
    noise: ArrayLike | None = None,
    *,
    noise_hat: NDArray[np.complexfloating[Any, Any]] | None = None,
) -> NDArray[Any]:
    """Gaussian paths (..., L): the white noise filtered by the square root of the spectrum.

    noise : (..., L), independent standard Gaussians. The path is a real, symmetric circular filter
        of it, so for the same noise it is a smooth function of the kernel.
    noise_hat : instead of `noise`, its transform `scipy.fft.rfft(noise)`, (..., L/2 + 1), which
        saves half the work when one noise serves several kernels
    """
    if (noise is None) == (noise_hat is None):
        raise ValueError("give either noise or noise_hat")
    length = spectrum.period
    if noise_hat is None:
        white = np.asarray(noise)
        if white.ndim == 0 or white.shape[-1] != length:
            raise ValueError(
                f"noise must have a last axis of the period {length}, got {white.shape}"
            )
        noise_hat = fft.rfft(white)
    elif noise_hat.shape[-1] != length // 2 + 1:
        raise ValueError(
            f"noise_hat must have a last axis of {length // 2 + 1}, got {noise_hat.shape}"
        )
    gain = np.sqrt(spectrum.density).astype(noise_hat.real.dtype)
    return np.asarray(fft.irfft(noise_hat * gain, length))
