"""The LSTM's cell driven by sampled paths: c⁺ = f c + x with x = i φ(y).

h = o φ(c), and o is independent of c: C_h(k) = E[o_t o_{t+k}] E[φ(c_t) φ(c_{t+k})]. The first
factor is a two-dimensional Gaussian integral. The second is sampled, but for what responds
linearly to x, whose covariance C_x(k) = E[i_t i_{t+k}] E[φ(y_t) φ(y_{t+k})] is known: see `power`.

The spectrum needs E[p|η_f]. p depends on η_f in two ways: sharply and explicitly, through f; and
smoothly, as the past that made c is correlated with η_f. So p/o² is recorded at fixed values of f,
for each unit's c: its mean given η_f, a smooth function, is fitted for each of them. The share
a_f² (1−f)² φ'(c⁺)² (f c)² is large where f is small, and kept apart from the rest.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.polynomial import chebyshev
from scipy import fft

from rmt_gates.architectures.base import PathMoments
from rmt_gates.architectures.lstm_cell import cell_step
from rmt_gates.gaussian import SIGMOID, phi
from rmt_gates.gaussian.autocovariance import autocovariance

if TYPE_CHECKING:
    from rmt_gates.architectures.lstm import LSTM

TIMES = 8  # per path at which D is recorded: noise falls like 1/TIMES, memory grows with it
GRID = 24  # fixed values of f: poles at |Im η| = π/2 leave e^{−0.4 GRID} of the explicit dependence
POSITIONS = 0.5 * (1 + chebyshev.chebpts1(GRID))  # of s = σ(η/2), between 0 and 1
LOGITS = 2 * (np.log(POSITIONS) - np.log1p(-POSITIONS))


def cell_moments(model: LSTM, paths: Any, K: int) -> PathMoments:
    """C_h at lags 0…K, and η_f (n,) with the `shares` of p/o² at LOGITS, (n, 2 GRID)."""
    eta_f, eta_i, y = (paths.periodic(name) for name in ("eta_f", "eta_i", "y"))
    x = gate(eta_i) * model.phi.phi(y)
    c = cells(gate(eta_f), x, K)
    C_o, C_x = known_kernels(model, paths.order[0].tobytes(), paths.tolerance)
    spectrum = power(model.phi.phi(c), x, C_x)
    C_h = C_o[:-1] * fft.irfft(spectrum, len(c))[: K + 1]
    some = slice(None, None, max(1, len(c) // TIMES))
    now = (values[some].reshape(-1, 1) for values in (c, eta_i, y))
    return PathMoments(C_h[None], (eta_f[some].ravel(), np.hstack(shares(model, LOGITS, *now))))


@lru_cache(maxsize=4)
def known_kernels(model: LSTM, order: bytes, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """E[o_t o_{t+k}] and C_x(k) for the autocorrelation of h in ``order``; kept between chunks."""
    inputs = model.input_kernels(np.frombuffer(order))
    C_o, C_i, C_phi = (
        autocovariance(function, *inputs[name], tolerance)
        for function, name in ((SIGMOID, "eta_o"), (SIGMOID, "eta_i"), (phi(model.phi), "y"))
    )
    return C_o, C_i * C_phi


def power(u: np.ndarray, x: np.ndarray, C_x: np.ndarray) -> np.ndarray:
    """Power spectrum of u = φ(c), whose noise is that of its part incoherent with x alone.

    P_uu + |T|² (S_x − P_xx), with P the spectra of the sample, T = P_ux/P_xx, and S_x the known
    spectrum of x: what u owes to x linearly has no sampling noise.

    Parameters
    ----------
    u, x : (L, rows) periodic paths. C_x : (K+2,) covariance of x at lags 0…K and ∞.
    """
    L = len(u)
    lag = np.arange(L)
    S_x = fft.rfft(C_x[np.minimum(np.minimum(lag, L - lag), len(C_x) - 1)]).real
    np.maximum(S_x, 0.0, out=S_x)  # what a solver tries may be no covariance; its paths have one
    u_hat, x_hat = fft.rfft(u, axis=0), fft.rfft(x, axis=0)
    P_uu, P_xx = (np.mean(v.real**2 + v.imag**2, axis=1) / L for v in (u_hat, x_hat))
    P_ux = np.mean(u_hat * x_hat.conj(), axis=1) / L
    T = np.divide(P_ux, P_xx, out=np.zeros_like(P_ux), where=P_xx > 0)
    return np.asarray(P_uu + np.abs(T) ** 2 * (S_x - P_xx))


def gate(eta: np.ndarray) -> np.ndarray:
    """σ(η), to rounding of 1 and not of itself, which is faster and enough for what is added up."""
    return 0.5 + 0.5 * np.tanh(0.5 * eta)


def cells(f: np.ndarray, x: np.ndarray, K: int) -> np.ndarray:
    """c_t of c_{t+1} = f_t c_t + x_t on paths (L, rows) of period L, from c_{−K} = 0."""
    c = np.empty_like(f)
    c[0] = 0.0
    for t in range(-K, 0):  # one memory's worth of steps before the record begins
        np.multiply(f[t], c[0], out=c[0])
        c[0] += x[t]
    for t in range(len(c) - 1):
        np.multiply(f[t], c[t], out=c[t + 1])
        c[t + 1] += x[t]
    return c


def shares(model: LSTM, eta_f: Any, c: Any, eta_i: Any, y: Any) -> tuple[Any, Any]:
    """A and B in p/o² = a_f² (1−f)² A + B, for cells c before the step; arrays broadcast.

    A = φ'(c⁺)² (f c)², B = φ'(c⁺)² (a_i² i'² φ(y)² + a_h² i² φ'(y)²).
    """
    cell = cell_step(model.phi, eta_f, eta_i, y, c)
    slope = model.phi.dphi(cell.after)
    new = (model.a_i * cell.by_i) ** 2 + (model.a_h * cell.by_y) ** 2
    return (slope * cell.kept) ** 2, slope**2 * new
