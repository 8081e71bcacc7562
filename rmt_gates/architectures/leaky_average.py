"""h_{t+1} = z_t h_t + (1−z_t) φ(y_t): moments of h given the gate's path, y averaged analytically.

Given ζ, h is a weighted sum of past φ(y), h_t = Σ_s w_{t,s} φ(y_s) with
w_{t,s} = (1−z_s) Π_{s<u<t} z_u, and y is independent of ζ. So E[h_t h_{t+k} | ζ] needs only
C_φ(k) = E[φ(y_0) φ(y_k)], a two-dimensional Gaussian integral: all noise from y is gone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import fft


class LeakyMoments(NamedTuple):
    """Conditional moments given ζ, one row a start time t.

    ``kernel`` (rows, K+1): E[h_t h_{t+k} | ζ]; ``excess`` (rows,): E[(h_t − φ(y_t))² | ζ].
    """

    kernel: np.ndarray
    excess: np.ndarray


def leaky_weights(z: np.ndarray) -> np.ndarray:
    """w_{t,s} for the newest s first, from the gate's history (rows, B), oldest first.

    What lies before the history is assigned to its oldest step, so that every row sums to 1.
    """
    newest_first = z[:, ::-1]
    survival = np.cumprod(newest_first, axis=1)
    weights = 1.0 - newest_first
    weights[:, 1:] *= survival[:, :-1]
    weights[:, -1] += survival[:, -1]
    return weights


def leaky_moments(z: np.ndarray, C_phi: np.ndarray, static: float) -> LeakyMoments:
    """E[h_t h_{t+k} | ζ] for k = 0…K from the gate at times t−B … t+K−1.

    Parameters
    ----------
    z : (rows, B+K) values of the update gate; the start time t is column B.
    C_phi : (K+1,) autocorrelation of φ(y) at lags 0…K, constant (= static) beyond.
    static : C_φ(∞).
    """
    K = len(C_phi) - 1
    B = z.shape[1] - K
    decaying = C_phi - static
    size = fft.next_fast_len(B + K + 1, real=True)
    w_hat = fft.rfft(leaky_weights(z[:, :B]), size)
    one_sided = np.zeros(size)
    one_sided[: K + 1] = decaying
    symmetric = one_sided.copy()
    symmetric[-K:] += decaying[:0:-1]
    density = fft.rfft(symmetric).real
    # Parseval: wᵀ Toeplitz(C_φ) w, the interior frequencies counting twice
    power = w_hat.real**2 + w_hat.imag**2
    twice = np.full(density.shape, 2.0)
    twice[0] = 1.0
    if size % 2 == 0:
        twice[-1] = 1.0
    variance = power @ (density * twice) / size + static
    # P(j) = E[h_t φ(y_{t+j}) | ζ] = Σ_i w_i C_φ(1+i+j)
    P = fft.irfft(w_hat.conj() * fft.rfft(one_sided), size)[:, 1 : K + 1] + static
    kernel = np.empty((K + 1, len(z)))
    kernel[0] = variance
    future, P_T = np.ascontiguousarray(z[:, B:].T), np.ascontiguousarray(P.T)
    for k in range(K):
        kernel[k + 1] = P_T[k] + future[k] * (kernel[k] - P_T[k])
    return LeakyMoments(kernel.T, variance - 2 * P[:, 0] + C_phi[0])
