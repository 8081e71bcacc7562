"""Matrices of E φ(y_k) φ(y_l') against the general two-variable average, formula by formula."""

import numpy as np
import pytest
from scipy.special import erf

from rmt_gates.gaussian import HARDTANH, TANH, expect_pair, phi
from rmt_gates.gaussian.pair_matrix import LARGEST_SMOOTH_VARIANCE, PairMatrix, kolmogorov_rule

FRACTIONS = np.array([-1.0, -0.9999, -0.4, 0.0, 1e-6, 0.3, 0.9, 1 - 1e-7, 1.0])[:, None, None]
LAWS = [
    ([0.0, 0.0], [1.0, 4.0]),
    ([0.0, 0.0], [1e-6, 20.0]),
    ([0.3, -1.2], [0.1, 9.0]),
    ([1.0, -1.0], [0.5, 2.0]),  # means at the kinks
    ([0.5, 0.5], [1e-4, 30.0]),
    ([0.0, 0.0, 0.0], [1e-4, 1.0, 1e4]),
    ([-2.0, 0.1, 0.1], [1e-2, 1.0, 400.0]),
]


def exact(activation, mean, variance, covariance):
    f = phi(activation)
    return expect_pair(f, f, mean[:, None], variance[:, None], mean, variance, covariance)


@pytest.mark.parametrize("activation", [TANH, HARDTANH], ids=str)
@pytest.mark.parametrize("mean, variance", LAWS, ids=str)
def test_against_the_general_average(activation, mean, variance):
    mean, variance = np.array(mean), np.array(variance)
    covariance = FRACTIONS * np.sqrt(np.multiply.outer(variance, variance))
    reference = exact(activation, mean, variance, covariance)
    for tolerance in (1e-8, 1e-13):
        got = PairMatrix(activation, mean, variance, tolerance)(covariance)
        rounding = 4e-16 * variance.max() if activation.kinks else 0.0
        bound = max(tolerance, 1e-12, rounding) * np.abs(reference).max()
        np.testing.assert_allclose(got, reference, rtol=0, atol=bound)


def test_smooth_variances_in_both_formulas():
    """On either side of the largest variance of Mehler's series: the same function."""
    for centred, mean in ((True, np.zeros(2)), (False, np.array([0.2, -0.5]))):
        variance = LARGEST_SMOOTH_VARIANCE[centred] * np.array([0.1, 1.0])
        covariance = 0.8 * np.sqrt(np.multiply.outer(variance, variance))
        below = PairMatrix(TANH, mean, variance, 1e-13)
        above = PairMatrix(TANH, mean, variance * (1 + 1e-12), 1e-13)
        assert below.rule != above.rule and below.rule.__name__ == "_mehler"
        np.testing.assert_allclose(below(covariance), above(covariance), rtol=0, atol=1e-12)


def test_variances_of_zero_are_constants():
    mean = np.array([0.7, -0.2])
    for activation in (TANH, HARDTANH):
        got = PairMatrix(activation, mean, np.zeros(2), 1e-13)(np.zeros((2, 2)))
        value = activation.phi(mean)
        np.testing.assert_allclose(got, np.multiply.outer(value, value), rtol=0, atol=1e-15)


def test_small_variances_keep_their_relative_accuracy():
    variance = np.array([1e-12, 3e-12])
    covariance = 0.5 * np.sqrt(np.multiply.outer(variance, variance))
    got = PairMatrix(TANH, np.zeros(2), variance, 1e-13)(covariance)
    np.testing.assert_allclose(got, covariance, rtol=2e-11)


@pytest.mark.parametrize("tolerance", [1e-4, 1e-8, 1e-13])
def test_tanh_is_a_mixture_of_error_functions(tolerance):
    """E sgn(y + λx) = erf(y/√2λ)."""
    scales, shares = kolmogorov_rule(tolerance)
    y = np.geomspace(1e-8, 40, 500)
    got = erf(y[:, None] / (np.sqrt(2) * scales)) @ shares
    assert np.abs(got / np.tanh(y) - 1).max() < tolerance
    assert scales.size < 32
