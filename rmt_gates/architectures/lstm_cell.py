"""One step of the LSTM's cell, c⁺ = f c + i φ(y), and how it responds to its inputs.

What p = o² φ'(c⁺)² (a_f² f'² c² + a_i² i'² φ(y)² + a_h² i² φ'(y)²) and J are made of.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rmt_gates.gaussian import Activation, sigmoid


class CellStep(NamedTuple):
    """``f`` and ``kept`` = f c; ``after`` = c⁺; ``by_i`` = ∂c⁺/∂η_i = i'φ(y), ``by_y`` = iφ'(y).

    By the forget gate it is ∂c⁺/∂η_f = f'c = (1−f) ``kept``.
    """

    f: Any
    kept: Any
    after: Any
    by_i: Any
    by_y: Any


def cell_step(phi: Activation, eta_f: Any, eta_i: Any, y: Any, c: Any, xp: Any = np) -> CellStep:
    """The step from a cell c; arrays broadcast."""
    f, i, phi_y = sigmoid(eta_f, xp), sigmoid(eta_i, xp), phi.phi(y, xp)
    kept = f * c
    by_i = i * sigmoid(-eta_i, xp) * phi_y
    return CellStep(f, kept, kept + i * phi_y, by_i, i * phi.dphi(y, xp))
