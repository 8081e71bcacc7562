"""The LSTM's cell at a fixed point, c = g φ(y), averaged over y for a given gain g.

g = σ(η_i)(1 + e^{η_f}). As functions of L = log g these averages are analytic for |Im L| < π/2.
Their structure in y is at every scale from 1 down to 1/g, which is e^{−η_f} for an open forget
gate: a lattice in v, y ∝ asinh(ε sinh v), is fine enough near y = 0 and coarse far away, and
converges exponentially, as its poles too are at |Im v| = π/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rmt_gates.architectures.lstm_table import LogTable
from rmt_gates.gaussian import Activation

WINDOW = 8.8  # standard deviations: e^{−WINDOW²/2} < 2e−17
STEP = 0.25  # of the lattice: e^{−π²/STEP} < 1e−17
FINEST = 0.5  # ε in units of the smallest scale
FAR = 30.0  # standard deviations: y = 0 farther from the mean than that does not matter
SMALLEST = 1e-140  # size that is told apart from 0
FLAT_BELOW, POWER_ABOVE = -20.0, 24.0  # of log(g size): c is linear, or saturated


@dataclass(frozen=True)
class CellInput:
    """The law N(mean, sd²) of y, for an analytic φ (tanh)."""

    phi: Activation
    mean: float
    sd: float

    @property
    def size(self) -> float:
        """The size of φ(y): √E y², but at most 1."""
        return float(np.clip(np.hypot(self.mean, self.sd), SMALLEST, 1.0))

    def squares(self, L: np.ndarray) -> np.ndarray:
        """E φ(c)² / size² and V times its derivative by V = sd², c = gφ(y), at L = log g (n,)."""
        y, weight, slope = self.lattice(self.limits(L)[1])
        w = self.phi.phi(y)

        def averages(L: np.ndarray) -> np.ndarray:
            """E φ(c)² / (g size)² at L (n,), and V times its derivative by V: (2, n)."""
            g = np.exp(L)[:, None]
            square = (self.phi.phi(g * w) / (g * self.size)) ** 2
            return np.array([square @ weight, square @ slope])

        return self.tabulated(averages, L, decay=[2.0, 2.0])

    def slopes(self, L: np.ndarray) -> np.ndarray:
        """E φ'(c)² c² / size² and E φ'(c)² (gφ'(y))² at L = log g (n,)."""
        y, weight, _ = self.lattice(self.limits(L)[1])
        w = self.phi.phi(y)
        columns = np.stack([(w / self.size) ** 2 * weight, self.phi.dphi(y) ** 2 * weight])

        def averages(L: np.ndarray) -> np.ndarray:
            """E φ'(c)² φ(y)² / size² and E φ'(c)² φ'(y)² at L (n,): (2, n)."""
            return columns @ self.phi.dphi(w[:, None] * np.exp(L)) ** 2

        return self.tabulated(averages, L, decay=[3.0, 1.0])

    def tabulated(self, averages: Any, L: np.ndarray, decay: Any) -> np.ndarray:
        """g² times the averages at L, by a table where there is something to average."""
        if self.sd == 0:
            return np.asarray(np.exp(2 * L) * averages(L))
        return LogTable(averages, *self.limits(L), decay)(L, growth=2.0)

    def limits(self, L: np.ndarray) -> tuple[float, float]:
        """Where to tabulate for these L."""
        scale = np.log(self.size)
        low, high = np.clip([L.min(), L.max()], FLAT_BELOW - scale, POWER_ABOVE - scale)
        return float(low), float(high)

    def lattice(self, high: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Nodes y, their weights, and those of V times the derivative by V, for log g ≤ high."""
        if self.sd == 0:
            return np.array([self.mean]), np.ones(1), np.zeros(1)
        zero = -self.mean / self.sd  # y = 0 in standard deviations
        center = float(np.clip(zero, -FAR, FAR))
        offset = 0.0 if zero == center else self.mean + self.sd * center
        epsilon = FINEST / max(1.0, self.sd, self.sd * np.exp(high))
        ends = np.arcsinh(np.sinh(np.array([-WINDOW, WINDOW]) - center) / epsilon) / STEP
        v = STEP * np.arange(np.floor(ends[0]), np.ceil(ends[1]) + 1)
        fold = np.ones(len(v))
        if self.mean == 0:  # even in y
            v, fold = v[v >= 0], np.where(v > 0, 2.0, 1.0)[v >= 0]
        image = epsilon * np.sinh(v)
        a = np.arcsinh(image)
        x = center + a
        jacobian = epsilon * np.cosh(v) / np.hypot(1.0, image)
        weight = STEP / np.sqrt(2 * np.pi) * np.exp(-0.5 * x * x) * jacobian * fold
        return offset + self.sd * a, weight, 0.5 * (x * x - 1) * weight
