"""The resolvent outside the support: the blocks without any weights."""

from __future__ import annotations

import numpy as np

from rmt_gates.spectra.criterion import parts
from rmt_gates.unit import Unit

HELD = 1 << 15  # numbers in an array: a few of them stay in the cache
CLOSEST = 1e-24  # of |λ−z|²: λ may meet a gate, and nothing is resolved below


def holomorphic_branch(unit: Unit, lam: np.ndarray) -> np.ndarray:
    """E tr(L X⁻¹), which is G outside the support; per unit, (points,)."""
    X = unit.model.blocks(unit.inputs, unit.carry, 0.0).X
    G = np.zeros(len(lam), complex)
    for b in unit.model.carriers:
        pole = -np.atleast_1d(X[b][b])
        same = np.all(pole == pole[0])
        pole, weights = (pole[:1], np.ones(1)) if same else (pole, unit.weights)
        for part in parts(len(lam), len(pole), HELD):
            ahead = lam.real[part, None] - pole
            inverse = inverse_square(ahead, lam.imag[part, None])
            ahead *= inverse
            G[part] += ahead @ weights - 1j * lam.imag[part] * (inverse @ weights)
    return G


def squared_distance(x: np.ndarray) -> np.ndarray:
    """|x|², but no less than CLOSEST."""
    return x.real**2 + np.maximum(x.imag**2, CLOSEST)


def inverse_square(ahead: np.ndarray, y: np.ndarray) -> np.ndarray:
    """1/`squared_distance` of ahead + iy."""
    square = ahead * ahead
    square += np.maximum(y * y, CLOSEST)
    return np.divide(1, square, out=square)
