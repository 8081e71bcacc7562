"""Two-variable averages: limits of the correlation, the arcsin law, and direct quadrature."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmt_gates.gaussian import (
    HARDTANH,
    SIGMOID,
    SIGMOID_PRIME_SQUARED,
    SIGMOID_SQUARED,
    TANH,
    Integrand,
    dphi,
    dphi_squared,
    expect,
    expect_pair,
    phi,
    phi_squared,
)

ALL = [
    SIGMOID,
    SIGMOID_SQUARED,
    SIGMOID_PRIME_SQUARED,
    phi(TANH),
    phi_squared(TANH),
    dphi_squared(TANH),
    phi(HARDTANH),
    dphi(HARDTANH),
]
MOMENTS = [(0.0, 1.0), (0.3, 4.0), (-3.0, 1e-6), (-20.0, 30.0), (5.0, 1e6)]


@pytest.mark.parametrize("f", ALL, ids=repr)
@pytest.mark.parametrize("mean, variance", MOMENTS)
def test_correlations_zero_and_one(f, mean, variance):
    square = {"hardtanh'": f}.get(f.name) or Integrand(
        "f^2",
        lambda y: f.function(y) ** 2,
        f.log_slope and (lambda y: 2 * f.log_slope(y)),
        f.kinks,
    )
    second = expect(square, mean, variance)
    first = expect(f, mean, variance)
    pair = expect_pair(f, f, mean, variance, mean, variance, [0.0, variance])
    assert abs(pair[0] - first**2) <= 1e-12 * second
    assert abs(pair[1] - second) <= 1e-12 * second


def test_anticorrelation_with_the_mirror_image():
    """At correlation -1 and mean 0, y2 = -y1: σ(y)σ(-y) = σ'(y), tanh(y) tanh(-y) = -tanh²."""
    for variance in (1e-4, 1.0, 400.0):
        pair = expect_pair(phi(TANH), phi(TANH), 0, variance, 0, variance, -variance)
        assert abs(pair + expect(phi_squared(TANH), 0.0, variance)) < 1e-14
        gates = expect_pair(SIGMOID, SIGMOID, 0, variance, 0, variance, -variance)
        assert abs(gates - 0.25 * expect(dphi(TANH), 0.0, variance / 4)) < 1e-14


def test_perfect_correlation_of_different_variables():
    """y2 = 3 y1 + 1 exactly, so the pair average is a single one."""
    both = Integrand("product", lambda y: np.tanh(y) * np.tanh(3 * y + 1))
    exact = expect(both, 0.0, 1.7)
    pair = expect_pair(phi(TANH), phi(TANH), 0.0, 1.7, 1.0, 9 * 1.7, 3 * 1.7)
    assert abs(pair - exact) < 1e-13


CORRELATIONS = np.array([-1.0, -0.999, -0.3, 0.0, 1e-6, 0.5, 0.9, 1 - 1e-6, 1.0])


def test_arcsin_law_of_sharp_gates():
    """Both gates open: 1/4 + arcsin(c)/2π for |c| < 1, with corrections of order 1/V."""
    c = CORRELATIONS[np.abs(CORRELATIONS) < 1]
    law = 0.25 + np.arcsin(c) / (2 * np.pi)
    pair = expect_pair(SIGMOID, SIGMOID, 0, 1e20, 0, 1e20, c * 1e20)
    np.testing.assert_allclose(pair, law, rtol=0, atol=1e-12)


def test_small_variances_are_linear():
    """E tanh(y1) tanh(y2) = c - (V1 + V2) c + O(V³) for mean 0, with c the covariance."""
    v1, v2, c = 1e-4, 3e-4, -1.2e-4
    pair = expect_pair(phi(TANH), phi(TANH), 0, v1, 0, v2, c)
    assert abs(pair / (c - (v1 + v2) * c) - 1) < 1e-6
    assert abs(pair / c - 1) > 3e-4


def test_hard_tanh_derivatives_are_an_orthant_probability():
    """P(|y1| < 1, |y2| < 1) by a one-dimensional integral with 30 digits."""
    for mean, variance, c in ((0.0, 1.0, 0.6), (0.4, 9.0, -0.95), (2.5, 0.5, 0.99)):
        with mp.workdps(30):
            s, rho = mp.sqrt(variance), mp.mpf(c)
            rest = mp.sqrt(1 - rho**2)

            def inner(x, mean=mean, s=s, rho=rho, rest=rest):
                low, high = ((e - mean) / s for e in (-1, 1))
                tail = mp.ncdf((high - rho * x) / rest) - mp.ncdf((low - rho * x) / rest)
                return mp.exp(-x * x / 2) * tail

            exact = mp.quad(inner, mp.linspace((-1 - mean) / s, (1 - mean) / s, 9))
            exact /= mp.sqrt(2 * mp.pi)
        pair = expect_pair(
            dphi(HARDTANH), dphi_squared(HARDTANH), mean, variance, mean, variance, c * variance
        )
        # E f² = E f for an indicator.
        assert abs(pair - exact) < 1e-12 * expect(dphi(HARDTANH), mean, variance)


@pytest.mark.parametrize("s", [0.2, 1.5])
def test_smooth_pairs_against_a_dense_sum(s):
    """The trapezoidal rule in the plane converges geometrically for moderate scales."""
    h = 0.05
    x = h * np.arange(-180, 181)
    w = h / np.sqrt(2 * np.pi) * np.exp(-0.5 * x * x)
    for c in (-0.8, 0.1, 0.95):
        y1 = 0.4 + s * x[:, None]
        y2 = -1.0 + 2 * s * (c * x[:, None] + np.sqrt(1 - c * c) * x)
        exact = w @ (np.tanh(y1) / (1 + np.exp(-y2))) @ w
        pair = expect_pair(phi(TANH), SIGMOID, 0.4, s**2, -1.0, 4 * s**2, 2 * c * s**2)
        assert abs(pair - exact) < 1e-12


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(ALL),
    st.sampled_from(ALL),
    st.floats(-8, 8),
    st.floats(-8, 8),
    st.floats(-2.5, 2.5),
    st.floats(-2.5, 2.5),
    st.floats(-1, 1),
)
def test_symmetry_and_cauchy_schwarz(f, g, m1, m2, log_s1, log_s2, c):
    v1, v2 = 10 ** (2 * log_s1), 10 ** (2 * log_s2)
    cov = c * np.sqrt(v1) * np.sqrt(v2)
    one = expect_pair(f, g, m1, v1, m2, v2, cov)
    two = expect_pair(g, f, m2, v2, m1, v1, cov)
    second_f = expect_pair(f, f, m1, v1, m1, v1, v1)
    second_g = expect_pair(g, g, m2, v2, m2, v2, v2)
    bound = np.sqrt(second_f * second_g)
    assert abs(one - two) <= 1e-12 * bound
    assert abs(one) <= bound * (1 + 1e-12)


def test_zero_variances():
    pair = expect_pair(SIGMOID, phi(TANH), 0.5, 0.0, 1.0, 2.0, 0.0)
    exact = expect(SIGMOID, 0.5, 0.0) * expect(phi(TANH), 1.0, 2.0)
    assert abs(pair - exact) < 1e-15
    both = expect_pair(SIGMOID, SIGMOID, 0.5, 0.0, 1.0, 0.0, 0.0)
    assert abs(both - expect(SIGMOID, 0.5, 0.0) * expect(SIGMOID, 1.0, 0.0)) < 1e-15


def test_shapes_nan_and_rounding_excess():
    assert type(expect_pair(SIGMOID, SIGMOID, 0, 1, 0, 1, 0.5)) is float
    result = expect_pair(SIGMOID, SIGMOID, np.zeros((2, 1)), 1.0, 0.0, 1.0, [0.1, np.nan, 0.3])
    assert result.shape == (2, 3)
    assert np.isnan(result[:, 1]).all() and np.isfinite(result[:, [0, 2]]).all()
    exceeding = expect_pair(SIGMOID, SIGMOID, 0, 3.0, 0, 3.0, 3.0 * (1 + 5e-13))
    assert exceeding == expect_pair(SIGMOID, SIGMOID, 0, 3.0, 0, 3.0, 3.0)


def test_refusals():
    with pytest.raises(
        ValueError, match=r"^covariance 1.1 exceeds the bound 1 set by the variances$"
    ):
        expect_pair(SIGMOID, SIGMOID, 0, 1, 0, 1, 1.1)
    with pytest.raises(ValueError, match=r"^covariance -0.1 exceeds the bound 0 set by"):
        expect_pair(SIGMOID, SIGMOID, 0, 0, 0, 1, -0.1)
    with pytest.raises(ValueError, match=r"^variance_f must not be negative, got -1$"):
        expect_pair(SIGMOID, SIGMOID, 0, -1, 0, 1, 0)
    with pytest.raises(ValueError, match=r"^variance_g must not be negative, got -3$"):
        expect_pair(SIGMOID, SIGMOID, 0, 1, 0, -3, 0)


def test_rounding_of_the_largest_covariance_does_not_decorrelate():
    """At c = 1 the wider of two indicators decides; √(v1 v2) is rounded up or down."""
    f, v1 = dphi(HARDTANH), 1e12
    v2 = v1 * (1 + 1e-9 * np.arange(1, 30))
    got = expect_pair(f, f, 0.0, v1, 0.0, v2, np.sqrt(v1 * v2))
    np.testing.assert_allclose(got, expect(f, 0.0, v2), rtol=1e-12)
