"""`CellInput` for the hard tanh, whose kinks at |y| = 1 and |c| = 1 ask for panels.

With c = g clip(y) everything is an average over |y| < r, r = min(1, 1/g), and a probability
beyond; kinks in g are at g = 1 alone, where the order of |y| = 1 and |c| = 1 changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from rmt_gates.architectures.lstm_input import POWER_ABOVE, WINDOW, CellInput
from rmt_gates.gaussian.mesh import panel_nodes

PANELS = 20  # of the Gaussian inside |y| < r


@dataclass(frozen=True)
class ClippedCellInput(CellInput):
    """The law N(mean, sd²) of y, for the hard tanh."""

    def squares(self, L: np.ndarray) -> np.ndarray:
        """E φ(c)² / size² and V times its derivative by V = sd², c = gφ(y), at L = log g (n,)."""

        def averages(L: np.ndarray) -> np.ndarray:
            """E[min(|y|, r)²] / size² at L (n,), and V times its derivative by V: (2, n)."""
            r = np.exp(-np.maximum(L, 0.0))
            y, weight, slope = self.inside(r)
            square = (y / self.size) ** 2
            inside = np.stack([(square * w).sum(axis=1) for w in (weight, slope)])
            return inside + self.beyond(r) * (r / self.size) ** 2

        return self.tabulated(averages, L, decay=[2.0, 2.0])

    def slopes(self, L: np.ndarray) -> np.ndarray:
        """E φ'(c)² c² / size² and E φ'(c)² (gφ'(y))² at L = log g (n,)."""

        def averages(L: np.ndarray) -> np.ndarray:
            """E[y²; |y| < r] / size² and P(|y| < r) at L (n,): (2, n)."""
            y, weight, _ = self.inside(np.exp(-np.maximum(L, 0.0)))
            return np.stack([((y / self.size) ** 2 * weight).sum(axis=1), weight.sum(axis=1)])

        result = self.tabulated(averages, L, decay=[3.0, 1.0])
        small = L < 0  # then |y| > 1 leaves |c| = g < 1
        result[0, small] += self.beyond(np.ones(1))[0] * (np.exp(L[small]) / self.size) ** 2
        return result

    def limits(self, L: np.ndarray) -> tuple[float, float]:
        """From g = 1, below which r = 1."""
        return 0.0, float(np.clip(L.max(), 0.0, POWER_ABOVE - np.log(self.size)))

    def inside(self, r: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Nodes and weights for |y| < r, (n, nodes): y, of the average, of V ∂/∂V."""
        if self.sd == 0:
            y = np.full((len(r), 1), self.mean)
            weight = 1.0 * (np.abs(y) < r[:, None])
            return y, weight, 0 * weight
        # in y and not in x: a small r keeps its digits beside the mean
        window = self.mean - WINDOW * self.sd, self.mean + WINDOW * self.sd
        low, high = (np.clip(end, *window) for end in (-r, r))
        y, weight = panel_nodes(low[:, None] + np.outer(high - low, np.arange(PANELS + 1) / PANELS))
        x = (y - self.mean) / self.sd
        weight = weight * np.exp(-0.5 * x * x) / (self.sd * np.sqrt(2 * np.pi))
        return y, weight, 0.5 * (x * x - 1) * weight

    def beyond(self, r: np.ndarray) -> np.ndarray:
        """P(|y| > r) and V times its derivative by V, (2, n)."""
        if self.sd == 0:
            return np.stack([1.0 * (np.abs(self.mean) >= r), 0 * r])
        ends = np.stack([self.mean - r, -self.mean - r]) / self.sd
        slope = -0.5 * ends * np.exp(-0.5 * ends**2) / np.sqrt(2 * np.pi)
        return np.stack([ndtr(ends).sum(axis=0), slope.sum(axis=0)])
