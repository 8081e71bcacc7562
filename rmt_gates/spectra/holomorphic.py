"""The resolvent outside the support: the blocks without any weights."""

from __future__ import annotations

import numpy as np

from rmt_gates.spectra.criterion import parts
from rmt_gates.unit import Unit

CLOSEST = 1e-24  # of |λ−z|²: λ may meet a gate, and nothing is resolved below


def holomorphic_branch(unit: Unit, lam: np.ndarray) -> np.ndarray:
    """E tr(L X⁻¹), which is G outside the support; per unit, (points,)."""
    X = unit.model.blocks(unit.inputs, unit.carry, 0.0).X
    G = np.zeros(len(lam), complex)
    for part in parts(len(lam), len(unit)):
        for b in unit.model.carriers:
            pole = lam[part, None] + X[b][b]
            square = np.maximum(pole.real**2 + pole.imag**2, CLOSEST)
            G[part] += np.broadcast_to(pole.conj() / square, (len(part), len(unit))) @ unit.weights
    return G
