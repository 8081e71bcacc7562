"""E f(y_0) f(y_k) at every lag of a stationary Gaussian process y."""

from __future__ import annotations

import numpy as np

from rmt_gates.gaussian.expectation import Integrand
from rmt_gates.gaussian.pair_map import CovarianceMap


def autocovariance(
    f: Integrand, mean: float, covariance: np.ndarray, tolerance: float = 1e-13
) -> np.ndarray:
    """E f(y_0) f(y_k) from the mean of y and its covariance at lags k, lag 0 first.

    tolerance : of `CovarianceMap`, the absolute error in units of E f²

    A process without variance is the constant f(mean).
    """
    covariance = np.asarray(covariance, float)
    variance = float(covariance[0])
    if variance == 0:
        return np.full(covariance.shape, float(f.function(np.array(mean))) ** 2)
    positive = bool(np.all(covariance >= 0))
    average = CovarianceMap(f, mean, variance, positive=positive, tolerance=tolerance)
    return np.asarray(average(covariance))
