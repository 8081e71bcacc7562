"""The LSTM's cell driven by sampled paths: c⁺ = f c + i φ(y).

h = o φ(c), and o is independent of c: C_h(k) = E[o_t o_{t+k}] E[φ(c_t) φ(c_{t+k})]. The first factor
is a two-dimensional Gaussian integral; only f, i and y are sampled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rmt_gates.architectures.base import PathMoments, mean_autocorrelation
from rmt_gates.gaussian import SIGMOID, sigmoid, sigmoid_prime
from rmt_gates.gaussian.autocovariance import autocovariance

if TYPE_CHECKING:
    from rmt_gates.architectures.lstm import LSTM

MOMENTS = 16  # times per path at which D is recorded


def cell_moments(model: LSTM, paths: Any, K: int) -> PathMoments:
    """C_h at lags 0…K, and η_f with D = φ'(c⁺)² (a_f² c² f'² + a_i² i'² φ(y)² + a_h² i² φ'(y)²)."""
    eta_f, eta_i, y = (paths.periodic(name) for name in ("eta_f", "eta_i", "y"))
    c = cells(gate(eta_f), gate(eta_i) * model.phi.phi(y), K)
    output = model.a_o**2 * paths.order[0][:-1] + model.v_o
    C_o = autocovariance(SIGMOID, model.b_o, output, paths.tolerance)
    C_h = C_o * mean_autocorrelation(model.phi.phi(c), K)
    some = slice(None, None, max(1, len(c) // MOMENTS))
    inputs = {"eta_f": eta_f[some], "eta_i": eta_i[some], "y": y[some]}
    return PathMoments(C_h[None], (inputs["eta_f"].ravel(), spread(model, inputs, c[some]).ravel()))


def gate(eta: np.ndarray) -> np.ndarray:
    """σ(η), to rounding of 1 and not of itself, which is faster and enough for what is added up."""
    return 0.5 + 0.5 * np.tanh(0.5 * eta)


def cells(f: np.ndarray, drive: np.ndarray, K: int) -> np.ndarray:
    """c_t of c_{t+1} = f_t c_t + drive_t on paths (L, rows) of period L, from c_{−K} = 0."""
    c = np.empty_like(f)
    c[0] = 0.0
    for t in range(-K, 0):  # one memory's worth of steps before the record begins
        np.multiply(f[t], c[0], out=c[0])
        c[0] += drive[t]
    for t in range(len(c) - 1):
        np.multiply(f[t], c[t], out=c[t + 1])
        c[t + 1] += drive[t]
    return c


def spread(model: LSTM, inputs: Any, c: np.ndarray) -> np.ndarray:
    """D = p/o² of units with cells c before the step."""
    eta_f, eta_i, y = (inputs[name] for name in ("eta_f", "eta_i", "y"))
    i, phi_y = sigmoid(eta_i), model.phi.phi(y)
    after = sigmoid(eta_f) * c + i * phi_y
    into_c = (model.a_f * c * sigmoid_prime(eta_f)) ** 2
    into_c += (model.a_i * sigmoid_prime(eta_i) * phi_y) ** 2
    into_c += (model.a_h * i * model.phi.dphi(y)) ** 2
    return np.asarray(model.phi.dphi(after) ** 2 * into_c)
