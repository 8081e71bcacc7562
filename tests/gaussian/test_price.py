"""Averages of slopes: the trapezoidal rule, where the lattice applies, and its values."""

import numpy as np
import pytest

from rmt_gates.gaussian import HARDTANH, SIGMOID, TANH, dphi, expect_pair, phi, phi_squared
from rmt_gates.gaussian.price import (
    SIGMOID_PRIME,
    SLOPE,
    digits,
    pair_of_bumps,
    trapezoid_rule,
    window,
)

ANGLES = np.array([0.0, 1e-9, 1e-4, 0.01, 0.03, 0.1, 0.5, 1.2, 0.5 * np.pi])


@pytest.mark.parametrize("tolerance", [1e-13, 1e-8, 1e-4])
def test_the_trapezoidal_rule_has_the_accuracy_that_was_asked_for(tolerance):
    for strip in (np.inf, 3.0, 0.5, 0.1):
        v, w = trapezoid_rule(window(tolerance), strip, digits(tolerance))
        assert abs(w.sum() - 1) < tolerance and abs(w @ v**2 - 1) < 3 * tolerance
        np.testing.assert_array_equal(v, -v[::-1])
        if np.isfinite(strip):
            fine, fine_w = trapezoid_rule(9.5, strip / 3, 45)
            exact = fine_w @ (1 / (1 + (fine / strip) ** 2))
            assert abs(w @ (1 / (1 + (v / strip) ** 2)) - exact) < tolerance


def test_a_looser_rule_has_fewer_nodes():
    sizes = [trapezoid_rule(window(t), 0.5, digits(t))[0].size for t in (1e-13, 1e-8, 1e-4)]
    assert sizes[1] < 0.65 * sizes[0] and sizes[2] < 0.75 * sizes[1]


@pytest.mark.parametrize("f", SLOPE, ids=str)
def test_the_slopes_are_derivatives_even_and_localized(f):
    y, h, slope = np.array([-7.3, -0.4, 0.0, 2.0]), 1e-5, SLOPE[f]
    difference = (f.function(y + h) - f.function(y - h)) / (2 * h)
    np.testing.assert_allclose(slope.function(y), difference, atol=1e-10)
    np.testing.assert_array_equal(slope.function(-y), slope.function(y))
    assert slope.function(45.0) < 1e-19


CASES = [
    (SIGMOID_PRIME, 0.0, 25.0),
    (SIGMOID_PRIME, -8.0, 25.0),
    (SIGMOID_PRIME, 3.0, 1e5),
    (dphi(TANH), 0.7, 9.0),
    (dphi(HARDTANH), 0.0, 1.0),
    (dphi(HARDTANH), 1.0, 1e3),
    (dphi(HARDTANH), -1.2, 0.01),
]


@pytest.mark.parametrize("k, mean, variance", CASES, ids=str)
def test_against_the_general_average(k, mean, variance):
    for sign in (1, -1):
        # Exact angles: the covariance in double precision has none below 1e-8.
        c = sign * variance * np.cos(ANGLES[2:])
        exact = expect_pair(k, k, mean, variance, mean, variance, c)
        for tolerance in (1e-13, 1e-8):
            pair = pair_of_bumps(k, mean, variance, tolerance)(sign, ANGLES)
            error = np.abs(pair[2:] - exact)
            # c/V has a relative error of 1e-16, and so sin²(δ/2) one of 4e-16/δ².
            allowed = tolerance + 1e-15 * np.sqrt(variance) / ANGLES[2:]
            assert np.all(error < 3 * allowed * max(exact.max(), pair[0]))
            assert abs(pair[1] - pair[0]) < 1e-6 * max(exact.max(), pair[0])


@pytest.mark.parametrize("variance", [1e4, 1e6, 1e8])
def test_indicators_at_opposite_arguments(variance):
    """E k k = δ/2π near c = -V at mean 1: |S| < 1 - |1 + x|, S of density 1/√(2πV)."""
    pair = pair_of_bumps(dphi(HARDTANH), 1.0, variance, 1e-13)
    for angle in np.array([1e-3, 0.02, 0.2]) / np.sqrt(variance):
        assert abs(float(pair(-1, np.array([angle]))[0]) / (angle / (2 * np.pi)) - 1) < 1e-12


def test_one_angle_as_among_many():
    """The indicators are integrated from π/2 to each angle: others must not refine the panels."""
    for variance in (0.01, 1.0, 1e4):
        for sign in (1, -1):
            pair = pair_of_bumps(dphi(HARDTANH), 0.3, variance, 1e-13)
            alone = [float(pair(sign, np.array([angle]))[0]) for angle in ANGLES]
            np.testing.assert_allclose(alone, pair(sign, ANGLES), rtol=0, atol=1e-15)


def test_where_it_applies():
    sharp = (4.7 * 1.01) ** 2
    assert pair_of_bumps(SIGMOID_PRIME, 0.0, sharp, 1e-13) is not None
    assert pair_of_bumps(SIGMOID_PRIME, 0.0, sharp / 1.1, 1e-13) is None
    assert pair_of_bumps(SIGMOID_PRIME, 0.49 * 100, 100.0, 1e-13) is not None
    assert pair_of_bumps(SIGMOID_PRIME, -0.51 * 100, 100.0, 1e-13) is None
    assert pair_of_bumps(dphi(TANH), 0.0, sharp / 3.9, 1e-13) is not None
    assert pair_of_bumps(dphi(HARDTANH), 3.0, 1e-3, 1e-13) is not None
    for f in (SIGMOID, phi(TANH), phi(HARDTANH), phi_squared(TANH)):
        assert pair_of_bumps(f, 0.0, 1e4, 1e-13) is None
