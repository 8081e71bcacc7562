"""A smooth conditional mean E[D | ζ] of a Gaussian variable ζ, fitted to a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from scipy.special import erf

DEGREE = 6
# E[D|ζ] also changes where the gate does, over Δζ ~ 2 or, as gates jump, a fifth of a wide law: the
# LSTM's S is off by 3 % near its edge at √V = 17 with degree 6 (inside 19 %), by 0.2 % with 16
WIDE, PER_SD, HIGHEST = 2.0, 1.5, 16


@dataclass(frozen=True)
class ConditionalMoment:
    """Legendre series in the quantile of ζ ~ N(mean, variance): bounded in the tails, entire.

    ``coefficients`` multiply P_n(2Φ(x)−1), x = (ζ−mean)/√variance; orthogonal under ζ's law.
    Callable on real and complex arrays; ``derivative`` is d/dζ.
    """

    mean: float
    variance: float
    coefficients: np.ndarray

    def __call__(self, zeta: Any) -> Any:
        return legendre.legval(erf(self._scaled(zeta)), self.coefficients)

    @property
    def mean_value(self) -> float:
        """E[D]: the Legendre polynomials are orthogonal under the law of the quantile."""
        return float(self.coefficients[0])

    def derivative(self, zeta: Any) -> Any:
        """dE[D|ζ]/dζ."""
        t = self._scaled(zeta)
        inner = np.sqrt(2 / (np.pi * self.variance)) * np.exp(-t * t)
        return legendre.legval(erf(t), legendre.legder(self.coefficients)) * inner

    def _scaled(self, zeta: Any) -> Any:
        if self.variance == 0:
            return np.zeros_like(np.asarray(zeta))
        return (np.asarray(zeta) - self.mean) / np.sqrt(2 * self.variance)


def fit_conditional_moment(
    zeta: np.ndarray, D: np.ndarray, mean: float, variance: float, degree: int | None = None
) -> ConditionalMoment:
    """Least squares of D on the Legendre series in ζ's quantile; a constant ζ leaves the mean.

    D is (n,) or (n, m): with m columns the fitted moment has m values, (m, *ζ.shape). Without a
    ``degree`` it follows the width of ζ's law (a narrow one is continued to |Im ζ| > √V, where
    high powers are huge), filled up with zeros: series of slightly different laws can be averaged.
    """
    if variance == 0:
        return ConditionalMoment(float(mean), 0.0, np.mean(D, axis=0, keepdims=True))
    filled = 0
    if degree is None:
        degree = min(HIGHEST, DEGREE + int(PER_SD * max(0.0, np.sqrt(variance) - WIDE)))
        filled = HIGHEST - degree
    quantile = erf((zeta - mean) / np.sqrt(2 * variance))
    basis = legendre.legvander(quantile, degree)
    coefficients = np.linalg.lstsq(basis, D, rcond=None)[0]
    coefficients = np.concatenate([coefficients, np.zeros((filled, *coefficients.shape[1:]))])
    return ConditionalMoment(float(mean), float(variance), coefficients)
