"""The covariance map against the general two-variable average, its derivative and its limits."""

import numpy as np
import pytest

from rmt_gates.gaussian import (
    HARDTANH,
    SIGMOID,
    TANH,
    CovarianceMap,
    Integrand,
    dphi,
    expect,
    expect_pair,
    phi,
    phi_squared,
)
from rmt_gates.gaussian.autocovariance import autocovariance

FRACTIONS = np.array([-1.0, -0.9999, -0.6, -1e-3, 0.0, 1e-9, 0.2, 0.77, 0.999, 1 - 1e-8, 1.0])
CASES = [
    (phi(TANH), 0.0, 1.44),
    (phi(TANH), 0.7, 9.0),
    (phi(TANH), 0.0, 1e-6),
    (phi(TANH), -2.0, 400.0),
    (SIGMOID, 0.0, 36.0),
    (SIGMOID, -20.0, 9.0),
    (SIGMOID, -3.0, 1.0),
    (dphi(TANH), 0.0, 4.0),
    (phi(HARDTANH), 0.3, 0.01),
]
# Sharp gates and kinks, where f' is averaged instead.
STEPS = [
    (SIGMOID, 0.0, 25.0),
    (SIGMOID, 1.0, 1e6),
    (SIGMOID, 250.0, 1e4),
    (SIGMOID, -50.0, 120.0),
    (phi(TANH), 0.0, 6.0),
    (phi(TANH), -60.0, 1e4),
    (dphi(TANH), 0.4, 1e4),
    (phi(HARDTANH), 0.0, 1.0),
    (phi(HARDTANH), 0.5, 9.0),
    (phi(HARDTANH), -2.5, 0.04),
    (phi(HARDTANH), 1.0, 1e4),
    (phi(HARDTANH), 0.03, 2e4),
    (phi(HARDTANH), -1.001, 4.0),
    (phi(HARDTANH), 200.0, 1e4),
    (dphi(HARDTANH), 0.3, 1.0),
    (dphi(HARDTANH), -1.5, 2500.0),
]


@pytest.mark.parametrize("f, mean, variance", CASES + STEPS, ids=str)
def test_against_the_general_average(f, mean, variance):
    c = FRACTIONS * variance
    exact = expect_pair(f, f, mean, variance, mean, variance, c)
    for tolerance in (1e-5, 1e-8, 1e-13):
        both = CovarianceMap(f, mean, variance, tolerance=tolerance)
        np.testing.assert_allclose(both(c), exact, rtol=0, atol=10 * tolerance * exact[-1])
    right = CovarianceMap(f, mean, variance, positive=True)
    c, exact = c[FRACTIONS >= 0], exact[FRACTIONS >= 0]
    np.testing.assert_array_equal(right(c), both(c))
    assert " + " in repr(both) and " + " not in repr(right)


@pytest.mark.parametrize(
    "f, mean, variance", [(SIGMOID, -50.0, 25.0), (phi_squared(HARDTANH), 0.4, 1.0)], ids=str
)
def test_what_neither_slopes_nor_trapezoidal_sums_can_do(f, mean, variance):
    """A gate that is closed but for rare excursions; kinks."""
    c = np.array([-1.0, -0.6, 0.0, 0.7, 1.0]) * variance
    exact = expect_pair(f, f, mean, variance, mean, variance, c)
    both = CovarianceMap(f, mean, variance, tolerance=1e-4)
    np.testing.assert_allclose(both(c), exact, rtol=0, atol=1e-4 * exact[-1])


@pytest.mark.parametrize("variance", [1e4, 1e10])
def test_sharp_gates_follow_the_arcsin_law(variance):
    """1/4 + arcsin(c)/2π away from the ends; E σ² = 1/2 - 1/√(2πV) at c = 1."""
    sharp = CovarianceMap(SIGMOID, 0.0, variance, positive=True)
    c = np.array([0.0, 0.3, 0.9])
    # Both gates together see the threshold's width in second order.
    law = 0.25 + np.arcsin(c) / (2 * np.pi)
    np.testing.assert_allclose(sharp(c * variance), law, rtol=0, atol=4 / variance + 1e-12)
    assert (
        abs(sharp(variance) - 0.5 + 1 / np.sqrt(2 * np.pi * variance)) < 2 * variance**-1.5 + 1e-12
    )


@pytest.mark.parametrize("f", [SIGMOID, phi(TANH), phi(HARDTANH)], ids=str)
def test_steps_far_from_the_mean_are_constants(f):
    """No bump is reached: E f f = f(m)², which is 0 below a gate's threshold."""
    for mean in (-5e5, 5e5):
        constant = CovarianceMap(f, mean, 1e8)
        np.testing.assert_allclose(constant([-1e8, 0.0, 1e8]), f.function(mean) ** 2, atol=1e-15)


def test_hard_tanh_of_a_large_variance_is_a_sign():
    """(2/π) arcsin(c) up to 1/V, and E φ² = 1 - (4/3)/√(2πV)."""
    variance = 1e10
    sign = CovarianceMap(phi(HARDTANH), 0.0, variance)
    c = np.array([-0.9, -0.3, 0.0, 0.3, 0.9])
    law = 2 / np.pi * np.arcsin(c)
    np.testing.assert_allclose(sign(c * variance), law, rtol=0, atol=4 / variance + 1e-12)
    np.testing.assert_allclose(sign([-variance, variance]), [-1, 1], rtol=1.2e-5)
    second = 1 - 4 / 3 / np.sqrt(2 * np.pi * variance)
    assert abs(sign(variance) - second) < 1 / variance


def test_a_looser_tolerance_takes_fewer_polynomials():
    for f, variance in ((phi(TANH), 1.44), (SIGMOID, 1e4), (phi(HARDTANH), 4.0)):
        strict, loose = (
            CovarianceMap(f, 0.2, variance, positive=True, tolerance=t)._coefficients[1].size
            for t in (1e-13, 1e-8)
        )
        assert loose < 0.6 * strict


def test_autocovariance():
    c = np.array([2.0, 1.0, 0.3, 0.0])
    exact = CovarianceMap(SIGMOID, 0.5, 2.0)(c)
    np.testing.assert_allclose(autocovariance(SIGMOID, 0.5, c), exact, rtol=1e-14)
    loose = autocovariance(SIGMOID, 0.5, c, tolerance=1e-4)
    assert 1e-12 < np.abs(loose - exact).max() < 1e-4
    swinging = autocovariance(phi(TANH), 0.0, [2.0, -1.0])
    np.testing.assert_allclose(swinging, CovarianceMap(phi(TANH), 0.0, 2.0)([2.0, -1.0]))
    np.testing.assert_array_equal(autocovariance(SIGMOID, 0.0, np.zeros(3)), [0.25] * 3)


@pytest.mark.parametrize("mean, variance", [(0.0, 1.44), (0.7, 9.0), (0.0, 1e-6), (0.4, 400.0)])
def test_derivative_is_the_average_of_the_slopes(mean, variance):
    """Price's theorem: d/dc E f f = E f' f', at the ends too."""
    c = np.append(FRACTIONS, [0.99998, 0.9998, 0.998, -0.998]) * variance
    exact = expect_pair(dphi(TANH), dphi(TANH), mean, variance, mean, variance, c)
    error = CovarianceMap(phi(TANH), mean, variance).derivative(c) - exact
    assert np.abs(error).max() < 1e-8 * exact.max()


@pytest.mark.parametrize("mean", [0.0, 0.9])
def test_derivative_of_a_kinked_function(mean):
    exact = expect_pair(dphi(HARDTANH), dphi(HARDTANH), mean, 1, mean, 1, FRACTIONS)
    error = CovarianceMap(phi(HARDTANH), mean, 1.0).derivative(FRACTIONS) - exact
    assert np.abs(error).max() < 1e-7


def test_the_ends_are_single_averages():
    """c = V gives E f²; c = -V at mean 0 gives E f(y) f(-y), and c = 0 gives (E f)²."""
    tanh = CovarianceMap(phi(TANH), 0.0, 2.0)
    second = expect(phi_squared(TANH), 0.0, 2.0)
    assert abs(tanh(2.0) - second) < 1e-14
    assert abs(tanh(-2.0) + second) < 1e-14
    assert abs(tanh(0.0)) < 1e-15
    gate = CovarianceMap(SIGMOID, 1.0, 5.0)
    assert abs(gate(0.0) - expect(SIGMOID, 1.0, 5.0) ** 2) < 1e-14


def test_shapes_types_and_nan():
    tanh = CovarianceMap(phi(TANH), 0.0, 2.0)
    assert type(tanh(1.0)) is float and type(tanh.derivative(1.0)) is float
    assert tanh(np.zeros((2, 3))).shape == tanh.derivative(np.zeros((2, 3))).shape == (2, 3)
    assert np.isnan(tanh([np.nan, 1.0])).tolist() == [True, False]


def test_refusals():
    tanh = CovarianceMap(phi(TANH), 0.0, 2.0)
    with pytest.raises(ValueError, match=r"^covariance must lie within -2 and 2, got 0 to 2.1$"):
        tanh([0.0, 2.1])
    with pytest.raises(ValueError, match=r"^covariance must lie within 0 and 2, got -0.5 to 1$"):
        CovarianceMap(phi(TANH), 0.0, 2.0, positive=True).derivative([-0.5, 1.0])
    assert tanh(2.0 * (1 + 5e-13)) == tanh(2.0)
    right = CovarianceMap(phi(TANH), 0.0, 2.0, positive=True)
    assert abs(right(-1e-12)) < 1e-12
    for variance in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(ValueError, match=r"^variance must be positive and finite, got"):
            CovarianceMap(phi(TANH), 0.0, variance)
    with pytest.raises(ValueError, match=r"^mean must be finite, got nan$"):
        CovarianceMap(phi(TANH), np.nan, 1.0)
    for tolerance in (0.0, 1e-14, 0.01, np.nan):
        with pytest.raises(ValueError, match=r"^tolerance must lie within 1e-13 and 1e-3, got"):
            CovarianceMap(phi(TANH), 0.0, 1.0, tolerance=tolerance)


def test_a_function_that_is_not_smooth_is_reported():
    wavy = Integrand("wavy", lambda y: np.sin(400 * y), None)
    with pytest.raises(
        RuntimeError, match=r"^CovarianceMap of wavy at mean 0, variance 4: 257 poly"
    ):
        CovarianceMap(wavy, 0.0, 4.0, positive=True)


def test_repr():
    text = repr(CovarianceMap(phi(TANH), 0.5, 1.44, positive=True))
    assert text == "CovarianceMap(tanh, mean=0.5, variance=1.44, 33 terms)"
    text = repr(CovarianceMap(phi(TANH), 0.0, 1.44))
    assert text == "CovarianceMap(tanh, mean=0, variance=1.44, 33 + 33 terms)"
