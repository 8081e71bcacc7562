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
LEAST = 1e-10  # of the mean: above rounding


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

    D is (n,) or (n, m): with m columns the fitted moment has m values, (m, *ζ.shape). Where D is
    never negative neither is the fit, on real arguments. Without a
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
    if np.min(D) >= 0:
        coefficients = _positive(basis, D, coefficients)
    coefficients = np.concatenate([coefficients, np.zeros((filled, *coefficients.shape[1:]))])
    return ConditionalMoment(float(mean), float(variance), coefficients)


def _positive(basis: np.ndarray, D: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """The fit, or where it is negative somewhere, the least squares among those that are not.

    Few samples lie in the tails, where the LSTM's S multiplies E[D|ζ] by e^{2ζ}: below 0 there it
    would end the spectrum at λ = 1. (Lawson & Hanson, problem LSI.)
    """
    from scipy.optimize import nnls

    columns = np.array(coefficients).reshape(len(coefficients), -1)
    targets = D.reshape(len(D), -1)
    t = np.cos(np.linspace(0, np.pi, 64 * len(coefficients)))
    values = legendre.legvander(t, len(coefficients) - 1)
    least = LEAST * targets.mean(axis=0)
    negative = np.flatnonzero((values @ columns).min(axis=0) < least)
    if not len(negative):
        return coefficients
    # with z = R(c − c₀), c₀ the free fit: least |z| where V R⁻¹ z ≥ least − V c₀
    R = np.asarray(np.linalg.qr(basis, mode="r"))
    slopes = np.linalg.solve(R.T, values.T)
    for column in negative:
        bound = least[column] - values @ columns[:, column]
        scale = np.abs(bound).max()
        system = np.vstack([slopes, bound / scale])
        goal = np.append(np.zeros(len(R)), 1.0)
        dual = system @ nnls(system, goal)[0] - goal
        columns[:, column] -= np.linalg.solve(R, dual[:-1] / dual[-1]) * scale
    return columns.reshape(coefficients.shape)
