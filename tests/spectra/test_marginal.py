"""Theorem 4.8 against the edge of the spectrum at sharp update gates."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import erf, erfc

import rmt_gates as rg
from rmt_gates.architectures.leaky_radius import log_edge_distance
from rmt_gates.spectra.marginal import (
    log_excess_radius,
    log_height_at_one,
    marginal_exponent,
    sharp_gate_radius,
)


def exponents(x, deviation):
    return np.diff(np.log(np.abs(deviation))) / np.diff(np.log(x))


@pytest.fixture(scope="module")
def point():
    """(3, 2): ρ = 1.2135."""
    return rg.fixed_points(rg.GRU(a_h=3, a_r=2))[-1]


@pytest.mark.parametrize("beta", [0.0, 0.1, -0.1])
def test_exponent(point, beta):
    """It solves (27); c = 0.465096 at zero bias."""
    C, rho = point.C_h, point.rho
    c = marginal_exponent(rho, C, beta)
    assert erf((c - beta / np.sqrt(C)) / np.sqrt(2)) == pytest.approx(2 / rho**2 - 1, rel=1e-13)
    if beta == 0:
        assert c == pytest.approx(0.465096, abs=5.1e-7)


def test_measured_exponent(point):
    """Slopes of log(radius − 1) over √C a_z tend to c as 1/a_z²: 0.46500 between 80 and 160."""
    a_z = 80 * 2.0 ** np.arange(5)
    w = a_z * np.sqrt(point.C_h)
    slope = -np.diff(log_edge_distance(point.rho, 0.0, w**2)) / np.diff(w)
    assert slope[0] == pytest.approx(0.46500, abs=5.1e-6)
    deviation = slope - marginal_exponent(point.rho, point.C_h)
    np.testing.assert_allclose(exponents(a_z[1:], deviation), -2, atol=0.05)


@pytest.mark.parametrize("beta", [0.0, 0.1, -0.1])
def test_prefactor_of_the_radius(point, beta):
    """radius − 1 → e^{−1} e^{−c √C a_z}, with the correction of order 1/a_z."""
    a_z = 160 * 2.0 ** np.arange(4)
    mean, variance = beta * a_z, point.C_h * a_z**2
    log_excess = log_edge_distance(point.rho, mean, variance)
    c = marginal_exponent(point.rho, point.C_h, beta)
    prefactor = log_excess + c * np.sqrt(variance)
    np.testing.assert_allclose(exponents(a_z, prefactor + 1), -1, atol=0.02)
    rest = log_excess - log_excess_radius(point.rho, mean, variance)
    assert np.abs(rest).max() < 3e-5
    np.testing.assert_allclose(exponents(a_z, rest), -2, atol=0.05)


def test_public_radius(point):
    """rg.spectral_radius at a_z = 40, where the radius is 1 + 1.9e-6."""
    model = point.model.replace(a_z=40)
    excess = rg.spectral_radius(rg.fixed_points(model)[-1]) - 1
    law = np.exp(log_excess_radius(point.rho, 0, 1600 * point.C_h))
    assert excess == pytest.approx(law, rel=1e-3)
    leading = np.exp(-1 - 40 * np.sqrt(point.C_h) * marginal_exponent(point.rho, point.C_h))
    assert excess == pytest.approx(leading, rel=0.03)
    assert abs(excess / (leading * np.e) - 1) > 0.5  # the prefactor is not 1


def log_height(curve):
    return brentq(lambda log_y: curve.S(1 + 1j * np.exp(log_y)), -300, 0, xtol=1e-14)


@pytest.mark.parametrize("beta", [0.0, 0.1])
def test_height_above_one(point, beta):
    """The boundary crosses Re λ = 1 at e^{−c √C a_z}: what is left falls as 1/a_z³."""
    a_z = np.array([80.0, 160.0, 320.0])
    rest = []
    for x in a_z:
        curve = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=3, a_z=x, b_z=beta * x, a_r=2))[-1])
        height = log_height(curve)
        law = log_height_at_one(point.rho, beta * x, x**2 * point.C_h)
        c = marginal_exponent(point.rho, point.C_h, beta)
        first = np.pi**2 / 24 * (c - beta / np.sqrt(point.C_h)) / (x * np.sqrt(point.C_h))
        assert law + c * x * np.sqrt(point.C_h) == pytest.approx(-first, rel=1e-9)
        rest.append(height - law)
    assert np.abs(rest).max() < 1e-6
    np.testing.assert_allclose(exponents(a_z, rest), -3, atol=0.1)


def test_region(point):
    """1 < ρ² < 1/α: NaN outside; c → 0 at the upper end and grows without bound at the lower."""
    C, beta = 0.4, 0.2
    alpha = 0.5 * erfc(beta / np.sqrt(2 * C))
    rho = np.array([0.9, 1.0, 1 + 1e-12, 1 / np.sqrt(alpha) - 1e-9, 1 / np.sqrt(alpha) + 1e-9])
    c = marginal_exponent(rho, C, beta)
    assert np.isnan(c).tolist() == [True, True, False, False, True]
    assert c[2] > 6 and 0 < c[3] < 1e-8
    assert np.isnan(marginal_exponent(1.2, 0.0)) and np.isnan(marginal_exponent(1.2, 0.0, 0.1))
    np.testing.assert_allclose(
        sharp_gate_radius(rho, C, beta), [1, 1, 1, 1, 1 + 1e-9 * np.sqrt(alpha)], rtol=0, atol=1e-15
    )


@pytest.mark.parametrize("beta", [0.0, 0.2, -0.2])
def test_beyond_the_region(beta):
    """ρ² > 1/α at (3, 10): the radius tends to √α ρ > 1, as 1/a_z."""
    a_z = np.array([10.0, 40.0, 160.0])
    points = [rg.fixed_points(rg.GRU(a_h=3, a_r=10, a_z=x, b_z=beta * x))[-1] for x in a_z]
    limit = sharp_gate_radius(points[0].rho, points[0].C_h, beta)
    assert limit > 1.05 and np.isnan(marginal_exponent(points[0].rho, points[0].C_h, beta))
    deviation = np.array([rg.spectral_radius(p) for p in points]) - limit
    rate = exponents(a_z, deviation)
    assert -1.1 < rate[1] < rate[0] + 0.2 and rate[1] == pytest.approx(-0.95, abs=0.08)


def test_the_hard_tanh_agrees_with_22():
    """R of (22), the disc of the shut gates."""
    from rmt_gates.spectra.limits import binary_update_gate

    model = rg.GRU(a_h=12, a_z=10, b_z=2, b_r=0.5, activation="hardtanh")
    point = rg.fixed_points(model)[-1]
    R = binary_update_gate(point).radius
    assert R > 1.1
    assert sharp_gate_radius(point.rho, point.C_h, 0.2) == pytest.approx(R, rel=1e-12)
