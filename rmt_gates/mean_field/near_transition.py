"""Kernels close to the transition to chaos, where iteration of the self-consistency stalls.

(50)–(51) of Can, Krishnamurthy & Schwab (2020),

    s [C(k−1) + C(k+1)] = (1 + C_z(k)) C(k) − (1 − 2s + C_z(k)) C_φ(k),    s = E[z],

have pointwise functions of C(k) and C(0) on their right, so that shooting solves them. They are
exact for a constant update gate, and elsewhere a start that is close.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmt_gates.architectures.leaky import GatedLeak
from rmt_gates.gaussian import SIGMOID, expect
from rmt_gates.gaussian.autocovariance import autocovariance
from rmt_gates.mean_field.fixed_points import FixedPoints
from rmt_gates.mean_field.shooting import decaying_kernel

SMALL = 0.1  # C_h of the largest fixed point close to a transition: shooting is faster there


def is_close(model: Any, points: FixedPoints) -> bool:
    """Whether the only fixed points are zero, unstable, and a small one."""
    return can_shoot(model, points) and 0 < float(points.C_h[-1]) < SMALL


def can_shoot(model: Any, points: FixedPoints) -> bool:
    """Whether the state is a kernel that decays to 0, with no state at rest beside it."""
    return isinstance(model, GatedLeak) and bool(model.zero_bias) and not np.any(points.stable)


def flat_kernel(model: Any, points: FixedPoints) -> np.ndarray | None:
    """C_h(0…K) of a GRU by (50)–(51), decayed to 1e-14; None if there is none."""

    def equation(C0: float, C: np.ndarray) -> tuple[float, np.ndarray]:
        """E[z] and the right-hand side of (50) at lags 1…K."""
        x = np.append(C0, np.clip(C, -C0, C0))
        gate = model.a_z**2 * x + model.v_z
        s = float(expect(SIGMOID, model.b_z, gate[0]))
        C_z = autocovariance(SIGMOID, model.b_z, gate)[1:]
        return s, (1 + C_z) * C - (1 - 2 * s + C_z) * model.phi_kernel(x)[1:]

    return decaying_kernel(equation, float(points.C_h[-1]))
