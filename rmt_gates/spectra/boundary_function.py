"""S(λ): positive inside the support of the Jacobian's eigenvalues, zero on its boundary.

One class for each kind of knowledge about the unit: the gate's Gaussian law (mean-field states),
or a sample of units (real networks). All give S+1 and its derivative in Im λ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmt_gates.architectures.base import PoleTerm
from rmt_gates.gaussian import sigmoid
from rmt_gates.gaussian.pole_average import GaussianPoleAverage, SampledPoleAverage


class BoundaryFunction:
    """S(λ) = Σ_terms E[(1−z)² q(ζ)/|λ−z|²] − 1.

    Attributes
    ----------
    gate_density : whether a gate has a density on (0, 1); then S = +∞ on that segment.
    weight : E[(1−z)² q], so that S(λ)+1 → weight/|λ|² far away.
    """

    def __init__(self, terms: list[PoleTerm]) -> None:
        self.terms = terms
        self.gate_density = any(t.variance > 0 for t in terms)
        self._averages: list[Any] = []
        self.weight = 0.0
        for t in terms:
            if t.variance > 0:
                average: Any = GaussianPoleAverage(*t)
                self.weight += float(average.lattices[0].weight.sum())
            else:
                z, leak = np.array([sigmoid(t.mean)]), np.array([sigmoid(-t.mean)])
                weight = leak**2 * np.real(t.q(np.array([t.mean])))
                average = SampledPoleAverage(z, leak, weight)
                self.weight += float(weight[0])
            self._averages.append(average)

    def plus_one(self, x: Any, u: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """S+1 and ∂S/∂y at points x + iy, u = 1−x, y ≥ 0; flat arrays."""
        x, u, y = (np.atleast_1d(np.asarray(v, float)) for v in (x, u, y))
        value, slope = np.zeros(x.shape), np.zeros(x.shape)
        for average in self._averages:
            v, s = average(x, u, y)
            value += v
            slope += s
        return value, slope

    def beyond(self, distance: float, right: bool) -> float:
        """S+1 on the real axis, at 1 + distance (right) or at −distance."""
        return sum(average.beyond(distance, right) for average in self._averages)

    def lens_height(self, x: np.ndarray, u: np.ndarray) -> np.ndarray:
        """y (S+1) of the pole alone, π (1−x)² q p_z(x), 0 < x < 1: the rest is regular as y → 0."""
        height = np.zeros(x.shape)
        for t in self.terms:
            if t.variance > 0:
                logit = np.log(x) - np.log(u)
                shift = (logit - t.mean) ** 2 / (2 * t.variance)
                density = np.exp(-shift) / np.sqrt(2 * np.pi * t.variance)
                height += np.pi * u / x * np.real(t.q(logit)) * density
        return height


class SampledBoundaryFunction(BoundaryFunction):
    """The same from a sample of units: poles z_i with weights, no density on (0, 1)."""

    def __init__(self, z: np.ndarray, leak: np.ndarray, weight: np.ndarray) -> None:
        self.terms = []
        self.gate_density = False
        self.z = z
        self._averages = [SampledPoleAverage(z, leak, weight)]
        self.weight = float(weight.sum())
