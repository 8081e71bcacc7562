"""One-variable averages against 30-digit quadrature and closed forms."""

import json
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest

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
    phi,
    phi_squared,
)
from rmt_gates.gaussian.expectation import peak

ORACLE = json.loads((Path(__file__).parent / "data" / "expectations.json").read_text())
INTEGRANDS = [
    SIGMOID,
    SIGMOID_SQUARED,
    SIGMOID_PRIME_SQUARED,
    phi_squared(TANH),
    dphi(TANH),
    dphi_squared(TANH),
]


@pytest.mark.parametrize("integrand", INTEGRANDS, ids=repr)
def test_against_the_oracle(integrand):
    rows = [row[1:] for row in ORACLE if row[0] == integrand.name]
    assert len(rows) == 48
    mean, scale = np.array([row[:2] for row in rows], float).T
    result = expect(integrand, mean, scale**2)
    for value, row in zip(result, rows):
        exact = mp.mpf(row[2])
        assert exact > 1e-290
        # The squared scale is rounded, which moves a value e^{-x²/2} by x² 1e-16.
        assert abs(value / exact - 1) < 2e-13, row


def hard_tanh_average(name, mean, scale):
    """Closed forms with the error function, 60 digits: moments of the truncated Gaussian."""
    with mp.workdps(400):
        m, s = mp.mpf(mean), mp.mpf(scale)
        a, b = (-1 - m) / s, (1 - m) / s
        density = {x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi) for x in (a, b)}
        below, above = mp.ncdf(a), mp.ncdf(-b)
        inside = 1 - below - above
        first = density[a] - density[b]
        second = inside + a * density[a] - b * density[b]
        return {
            "hardtanh": above - below + m * inside + s * first,
            "hardtanh^2": above + below + m * m * inside + 2 * m * s * first + s * s * second,
            "hardtanh'": inside,
            "hardtanh'^2": inside,
        }[name]


@pytest.mark.parametrize("factory", [phi_squared, dphi, dphi_squared, phi])
def test_hard_tanh_closed_forms(factory):
    integrand = factory(HARDTANH)
    for scale in (1e-6, 0.05, 1.5, 5.0, 30.0, 1e3, 1e6):
        for mean in (0.0, -0.7, 1.0, 2.5, -12.0, 50.0):
            exact = hard_tanh_average(integrand.name, mean, scale)
            value = expect(integrand, mean, scale**2)
            if factory is phi:
                assert abs(value - exact) < 2e-15
            elif exact > 1e-290:
                assert abs(value / exact - 1) < 4e-13, (mean, scale)
            else:
                assert value < 1e-289


@pytest.mark.parametrize("scale", [0.0, 1e-6, 1.0, 7.0, 1e6])
def test_symmetries(scale):
    assert abs(expect(SIGMOID, 0.0, scale**2) - 0.5) < 1e-15
    assert abs(expect(phi(TANH), 0.0, scale**2)) < 1e-15
    for mean in (0.3, 8.0):
        total = expect(SIGMOID, mean, scale**2) + expect(SIGMOID, -mean, scale**2)
        assert abs(total - 1) < 2e-15
        odd = expect(phi(TANH), mean, scale**2) + expect(phi(TANH), -mean, scale**2)
        assert abs(odd) < 1e-15


def test_identity_between_averages():
    """tanh² + tanh' = 1, and 4 σ'(2y) = tanh'(y)."""
    variance = np.logspace(-12, 12, 25)
    for mean in (0.0, 1.3, -40.0):
        total = expect(phi_squared(TANH), mean, variance) + expect(dphi(TANH), mean, variance)
        np.testing.assert_allclose(total, 1, rtol=0, atol=1e-15)
        quarter = expect(SIGMOID_PRIME_SQUARED, 2 * mean, 4 * variance)
        np.testing.assert_allclose(16 * quarter, expect(dphi_squared(TANH), mean, variance), 1e-13)


def test_far_means():
    """At |m| = 1000 the average of a sharp gate is the Gaussian tail beyond its threshold."""
    for scale in (40.0, 100.0, 1e4):
        x = mp.mpf(1000) / mp.mpf(scale)
        with mp.workdps(40):
            # mpmath stops at an absolute error, so the integrand is scaled to order one.
            def integrand(t, scale=scale, x=x):
                return mp.exp((x * x - t * t) / 2) / (1 + mp.exp(1000 - mp.mpf(scale) * t))

            steps = [mp.mpf(k) / scale for k in (-90, -30, -10, -3, 0, 3, 10, 30, 90)]
            exact = mp.quad(integrand, [x - 5, *(x + k for k in steps), x + 4, x + 14], maxdegree=9)
            exact *= mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)
        assert abs(expect(SIGMOID, -1000.0, scale**2) / exact - 1) < 1e-12


def test_step_limit():
    """A gate of infinite gain is open with probability 1/2, with corrections of order 1/s."""
    # E σ² = E σ - E σ' = 1/2 - 1/(s √(2π)) + O(s^-3)
    for scale in (1e3, 1e5, 1e6):
        first = 0.5 - 1 / (scale * np.sqrt(2 * np.pi))
        assert abs(expect(SIGMOID_SQUARED, 0.0, scale**2) - first) < 2 / scale**3 + 1e-15


def test_zero_variance_gives_the_function_at_the_mean():
    mean = np.array([-50.0, -0.3, 0.0, 2.0])
    for integrand in [*INTEGRANDS, dphi_squared(HARDTANH), phi(HARDTANH)]:
        np.testing.assert_array_equal(expect(integrand, mean, 0.0), integrand.function(mean))


def test_shapes_and_types():
    assert type(expect(SIGMOID, 0, 1)) is float
    result = expect(SIGMOID, np.zeros((3, 1)), np.arange(4))
    assert result.shape == (3, 4) and result.dtype == float
    assert expect(SIGMOID, np.zeros((0, 2)), 1.0).shape == (0, 2)


def test_a_batch_of_mixed_scales_equals_single_calls():
    rng = np.random.default_rng(1)
    mean, variance = rng.uniform(-20, 20, 300), 10 ** rng.uniform(-12, 12, 300)
    together = expect(dphi_squared(TANH), mean, variance)
    alone = [expect(dphi_squared(TANH), m, v) for m, v in zip(mean, variance)]
    np.testing.assert_allclose(together, alone, rtol=1e-14)


def test_nan_passes_through_and_negative_variances_are_refused():
    result = expect(SIGMOID, [0.0, np.nan, 0.0], [1.0, 1.0, np.nan])
    assert abs(result[0] - 0.5) < 1e-15 and np.isnan(result[1:]).all()
    assert np.isnan(expect(dphi(HARDTANH), np.nan, 1.0))
    with pytest.raises(ValueError, match=r"^variance must not be negative, got -2$"):
        expect(SIGMOID, 0.0, [1.0, -2.0])


def test_underflow_gives_zero():
    assert expect(dphi_squared(HARDTANH), 50.0, 1e-4) == 0.0
    assert expect(SIGMOID, -1000.0, 1.0) == 0.0


def test_integrands_are_cached_and_named():
    assert dphi(TANH) is dphi(TANH) and phi_squared(TANH) is not phi_squared(HARDTANH)
    assert repr(dphi_squared(HARDTANH)) == 'Integrand("hardtanh\'^2")'
    assert dphi(HARDTANH).has_wall and not phi(HARDTANH).has_wall and not dphi(TANH).has_wall


def test_the_peak_is_where_the_logarithm_of_the_integrand_is_largest():
    x = np.linspace(-45, 45, 900001)
    for integrand in (SIGMOID, SIGMOID_SQUARED, dphi(TANH), dphi_squared(TANH)):
        for m, s in ((-50.0, 1.5), (30.0, 2.5), (-5.0, 1e3), (0.0, 3.0), (7.0, 1e-4)):
            for power in (1.0, 2.0):
                found = peak(integrand, np.array([m]), np.array([s]), power)[0]
                with np.errstate(divide="ignore"):
                    height = -0.5 * x * x + power * np.log(integrand.function(m + s * x))
                assert abs(found - x[height.argmax()]) < 0.06
    wall = peak(dphi(HARDTANH), np.array([5.0, -5.0, 0.5]), np.array([2.0, 2.0, 2.0]))
    np.testing.assert_allclose(wall, [-2, 2, 0], atol=0.06)


def test_the_cost_grows_only_as_the_logarithm_of_the_scale():
    calls = []

    class Counting:
        def __call__(self, y):
            calls.append(np.size(y))
            return np.tanh(y) ** 2

    counting = Integrand("counted", Counting())
    sizes = []
    for scale in (1.0, 1e3, 1e6):
        calls.clear()
        expect(counting, 0.3, scale**2)
        sizes.append(sum(calls))
    # Three decades are 6.3 factors of 3, and each factor adds two panels of 16 nodes.
    assert sizes[1] - sizes[0] <= 16 * 14 and sizes[2] - sizes[1] <= 16 * 14
    assert sizes[2] < 900


def test_an_indicator_that_no_sample_reaches():
    """φ' of the hard tanh 49 away, in 1e13 standard deviations: 0, and soon."""
    assert expect(dphi_squared(HARDTANH), 50.0, 1e-26) == 0
