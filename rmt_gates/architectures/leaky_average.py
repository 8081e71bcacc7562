"""h_{t+1} = z_t h_t + (1−z_t) φ(y_t): moments of h given the gate's path, y averaged analytically.

Given ζ, h is a weighted sum of past φ(y), h_t = Σ_s w_{t,s} φ(y_s) with
w_{t,s} = (1−z_s) Π_{s<u<t} z_u, and y is independent of ζ. So E[h_t h_{t+k} | ζ] needs only
C_φ(k) = E[φ(y_0) φ(y_k)], a two-dimensional Gaussian integral: all noise from y is gone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import fft

FORGOTTEN = 1e-30  # a weight below is 0: numbers near the smallest of a dtype are slow to transform


class LeakyMoments(NamedTuple):
    """Conditional moments given ζ, one row a start time t.

    ``kernel`` (rows, K+1): E[h_t h_{t+k} | ζ]; ``excess`` (rows,): E[(h_t − φ(y_t))² | ζ].
    """

    kernel: np.ndarray
    excess: np.ndarray


def leaky_weights(leak: np.ndarray) -> np.ndarray:
    """w_{t,s} for the newest s first, from the history (rows, B) of 1−z, oldest first.

    What lies before the history is assigned to its oldest step, so that every row sums to 1.
    """
    weights = leak[:, ::-1].copy()
    survival = np.cumprod(1 - weights, axis=1)
    survival[survival < FORGOTTEN] = 0.0
    weights[:, 1:] *= survival[:, :-1]
    weights[:, -1] += survival[:, -1]
    return weights


def leaky_moments(
    past: np.ndarray, future: np.ndarray, C_phi: np.ndarray, static: float
) -> LeakyMoments:
    """E[h_t h_{t+k} | ζ] for k = 0…K from the gate at times t−B … t+K−1.

    Parameters
    ----------
    past, future : (rows, B) and (rows, K) values of the leak 1−z before t and from t on; their
        dtype is that of the result.
    C_phi : (K+1,) autocorrelation of φ(y) at lags 0…K, constant (= static) beyond.
    static : C_φ(∞).
    """
    (rows, B), K = past.shape, len(C_phi) - 1
    decaying = (C_phi - static).astype(past.dtype)
    # room for lags −K … K of w, and for C_φ(1+i+j), i < B, j < K, without overlap
    size = fft.next_fast_len(max(B + K, 2 * K), real=True)
    w_hat = fft.rfft(leaky_weights(past), size)
    one_sided = np.zeros(size, past.dtype)
    one_sided[: K + 1] = decaying
    symmetric = one_sided.copy()
    symmetric[-K:] += decaying[:0:-1]
    density = fft.rfft(symmetric).real
    # Parseval: wᵀ Toeplitz(C_φ) w, the interior frequencies counting twice
    density[1 : (size + 1) // 2] *= 2
    parts = np.square(w_hat.view(past.dtype))  # real and imaginary, in turn
    variance = parts @ np.repeat(density, 2) / size + static
    # P(j) = E[h_t φ(y_{t+j}) | ζ] = Σ_i w_i C_φ(1+i+j): a correlation, backwards in time
    w_hat *= fft.rfft(one_sided).conj()
    P = np.ascontiguousarray(fft.irfft(w_hat, size)[:, : -K - 1 : -1].T)
    P += static
    leak = np.ascontiguousarray(future.T)
    kernel = np.empty((K + 1, rows), past.dtype)
    kernel[0] = variance
    for C, later, leak_now, P_now in zip(kernel, kernel[1:], leak, P, strict=False):
        np.subtract(P_now, C, out=later)  # E[h h⁺] = E[h h'] + (1−z) (E[h φ(y)] − E[h h'])
        later *= leak_now
        later += C
    return LeakyMoments(kernel.T, variance - 2 * P[0] + C_phi[0])
