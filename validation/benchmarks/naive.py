"""The baselines: what a user would write for a GRU (reset before the matrix) without this library.

Plain scripts over SciPy and NumPy, one parameter point at a time. They are written once and left
as they are: the benchmarks state the library's speed as a ratio to them.
Equation numbers are those of Can, Krishnamurthy and Schwab (2020), arXiv:2002.00025.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit


def gaussian_mean(f: Callable[[float], float], std: float) -> float:
    """E[f(std·x)] over a standard Gaussian x."""
    return quad(lambda x: f(std * x) * np.exp(-x * x / 2), -10, 10)[0] / np.sqrt(2 * np.pi)


def fixed_point(a_h: float, a_r: float) -> list[float]:
    """All non-zero roots C_h of (10) at zero bias that a coarse scan of (0, 1) brackets."""

    def residual(C_h: float) -> float:
        C_y = C_h * gaussian_mean(lambda xi: expit(xi) ** 2, a_r * np.sqrt(C_h))
        return gaussian_mean(lambda y: np.tanh(y) ** 2, a_h * np.sqrt(C_y)) - C_h

    grid = np.geomspace(1e-4, 1, 20)
    values = [residual(C_h) for C_h in grid]
    return [
        brentq(residual, grid[i], grid[i + 1], xtol=1e-14)
        for i in range(len(grid) - 1)
        if values[i] * values[i + 1] < 0
    ]


def spectral_radius(a_h: float, a_z: float, a_r: float, C_h: float) -> float:
    """Largest root x >= 1 of (18)-(19) at a non-zero fixed point of zero bias; a_z up to 10."""

    def slope(x: float) -> float:
        return expit(x) * expit(-x)

    reset_std, update_std = a_r * np.sqrt(C_h), a_z * np.sqrt(C_h)
    mean_r2 = gaussian_mean(lambda xi: expit(xi) ** 2, reset_std)
    mean_dr2 = gaussian_mean(lambda xi: slope(xi) ** 2, reset_std)
    mean_dphi2 = gaussian_mean(lambda y: np.cosh(y) ** -4, a_h * np.sqrt(C_h * mean_r2))
    rho2 = a_h**2 * mean_dphi2 * (mean_r2 + a_r**2 * mean_dr2 * C_h)
    if rho2 <= 1:
        return 1.0

    def S(x: float) -> float:
        leak = gaussian_mean(lambda zeta: (expit(-zeta) / (x - expit(zeta))) ** 2, update_std)
        return rho2 * leak - 1

    return brentq(S, 1 + 1e-12, np.sqrt(rho2) + 1e-12)


def network_steady_state(
    a_h: float,
    a_z: float,
    a_r: float,
    N: int = 2000,
    steps: int = 1000,
    burn_in: int = 500,
    seed: int = 0,
) -> dict[str, float]:
    """Averages over units and time in one sampled network of zero bias, started large."""
    rng = np.random.default_rng(seed)
    U_h, U_z, U_r = (a * rng.standard_normal((N, N)) / np.sqrt(N) for a in (a_h, a_z, a_r))
    h = rng.standard_normal(N)
    totals = np.zeros(5)
    for step in range(burn_in + steps):
        z, r = expit(U_z @ h), expit(U_r @ h)
        phi = np.tanh(U_h @ (r * h))
        new = z * h + (1 - z) * phi
        if step >= burn_in:
            totals += [
                np.mean(h**2),
                np.mean(h * new),
                np.mean((h - phi) ** 2),
                np.mean((1 - phi**2) ** 2),
                np.mean(r**2),
            ]
        h = new
    names = ("C_h(0)", "C_h(1)", "E[(h-phi)^2]", "E[phi'^2]", "C_r(0)")
    return dict(zip(names, (totals / steps).tolist()))
