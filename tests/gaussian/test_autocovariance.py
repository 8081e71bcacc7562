"""E f(y_0) f(y_k) lag by lag."""

import numpy as np
import pytest

from rmt_gates.gaussian import HARDTANH, SIGMOID, TANH, expect_pair, phi
from rmt_gates.gaussian.autocovariance import autocovariance

C = np.array([1.5, 1.2, 0.3, 0.0])


@pytest.mark.parametrize("f", [SIGMOID, phi(TANH), phi(HARDTANH)], ids=str)
@pytest.mark.parametrize("last", [0.0, -0.4, -1.5])
def test_is_the_two_dimensional_average(f, last):
    covariance = np.append(C, last)
    exact = expect_pair(f, f, 0.6, 1.5, 0.6, 1.5, covariance)
    got = autocovariance(f, 0.6, covariance)
    np.testing.assert_allclose(got, exact, rtol=0, atol=2e-12)


def test_lists_and_a_single_lag():
    assert autocovariance(SIGMOID, 0.6, [2.0]).shape == (1,)
    np.testing.assert_array_equal(
        autocovariance(SIGMOID, 0.6, [2, 1]), autocovariance(SIGMOID, 0.6, np.array([2.0, 1.0]))
    )


def test_without_variance_the_process_is_a_constant():
    got = autocovariance(SIGMOID, 0.7, np.zeros(3))
    np.testing.assert_allclose(got, np.full(3, (1 + np.exp(-0.7)) ** -2), rtol=1e-15)
    np.testing.assert_allclose(
        autocovariance(phi(TANH), -0.5, np.zeros(2)), np.tanh(0.5) ** 2, rtol=1e-15
    )


def test_tolerance_is_that_of_the_map():
    exact = autocovariance(SIGMOID, 0.3, 40 * C)
    rough = autocovariance(SIGMOID, 0.3, 40 * C, tolerance=1e-6)
    assert 0 < np.abs(rough - exact).max() < 1e-6
