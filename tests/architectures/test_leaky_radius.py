"""The right end of the curve at a fixed point, exponentially close to 1 where theory says so."""

import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit, ndtri

import rmt_gates as rg
from rmt_gates.architectures.leaky_radius import gated_radius, log_edge_distance


def S_plus_one(x, rho, mean, variance):
    """ρ² E[(1−z)²/(x−z)²] by adaptive quadrature."""
    sd = np.sqrt(variance)

    def f(t):
        z = expit(mean + sd * t)
        return np.exp(-t * t / 2) / np.sqrt(2 * np.pi) * ((1 - z) / (x - z)) ** 2

    step = -mean / sd
    points = [p for p in (step - 5 / sd, step, step + 5 / sd) if abs(p) < 10]
    return rho**2 * quad(f, -10, 10, points=points or None, epsabs=1e-14, limit=400)[0]


CASES = [(1.2, 0.0, 0.5), (1.7, -1.0, 3.0), (1.05, 0.4, 0.02), (2.5, 1.0, 10.0), (30.0, 0.0, 1.0)]


@pytest.mark.parametrize("rho, mean, variance", CASES)
def test_is_the_root_of_S(rho, mean, variance):
    log_delta = log_edge_distance(rho, mean, variance)
    exact = brentq(
        lambda x: S_plus_one(x, rho, mean, variance) - 1, 1 + 1e-6, rho + 1e-9, xtol=1e-14
    )
    np.testing.assert_allclose(np.exp(log_delta), exact - 1, rtol=0, atol=1e-11 * exact)


@pytest.mark.parametrize("rho, mean, sd", [(1.2, 0.0, 60.0), (1.3, 30.0, 50.0)])
def test_exponentially_close_to_one(rho, mean, sd):
    """The defining equation substituted back, at δ ~ e^{−30}, with 40 digits."""
    log_delta = float(log_edge_distance(rho, mean, sd**2))
    assert -200 < log_delta < -5
    with mp.workdps(40):
        delta = mp.exp(mp.mpf(log_delta))

        def f(t):
            leak = 1 / (1 + mp.exp(mean + sd * t))
            return mp.exp(-t * t / 2) / mp.sqrt(2 * mp.pi) * (leak / (delta + leak)) ** 2

        edge = -(mp.log(delta) + mean) / sd
        breaks = sorted(
            {mp.mpf(k) for k in range(-12, 13)} | {edge + mp.mpf(k) / 4 for k in range(-8, 9)}
        )
        average = mp.quad(f, breaks)
        assert abs(float(rho**2 * average - 1)) < 1e-12


def test_arrays_and_the_unreachable():
    """Beyond e^{−700} the distance is reported as zero."""
    got = log_edge_distance(np.array([[1.2], [1.21]]), 0.0, np.array([1.0, 1e4, 1e8]))
    assert got.shape == (2, 3)
    assert np.all(np.isfinite(got[:, :2])) and np.all(got[:, 2] == -np.inf)
    for i, rho in enumerate((1.2, 1.21)):
        for j, variance in enumerate((1.0, 1e4)):
            assert got[i, j] == pytest.approx(float(log_edge_distance(rho, 0.0, variance)))


def test_the_smallest_distance_is_e_to_the_minus_700():
    """Sharp gates, steps of σ(x)² at x = 1: ρ² P(−ζ − log δ > 1) = 1."""
    sd = 698.0 / ndtri(1 / 1.2**2)
    assert float(log_edge_distance(1.2, 0.0, sd**2)) == pytest.approx(-699, abs=1e-3)
    assert log_edge_distance(1.2, 0.0, (sd * 700 / 698) ** 2) == -np.inf


def test_radius_of_each_kind():
    """Constant gate s+(1−s)ρ; stable with gate variance 1; unstable beyond 1."""
    b_z = np.array([0.3, 0.3, -0.2, 0.0, 0.3])
    model = rg.GRU(a_h=1, a_z=[0.0, 0.0, 2.0, 2.0, 0.0], b_z=b_z, v_z=[0.0, 0.0, 0.0, 0.5, 0.1])
    C, rho = np.array([0.4, 0.4, 0.3, 0.3, 0.4]), np.array([1.5, 0.5, 0.9, 1.4, 0.8])
    radius = gated_radius(rho, model.b_z, model.a_z**2 * C + model.v_z)
    s = expit(0.3)
    np.testing.assert_allclose(radius[:2], [s + (1 - s) * 1.5, s + (1 - s) * 0.5], rtol=1e-14)
    assert radius[2] == radius[4] == 1
    edge = np.exp(log_edge_distance(1.4, 0.0, 4 * 0.3 + 0.5))
    assert radius[3] == pytest.approx(1 + edge, rel=1e-13) and radius[3] > 1.1


def test_a_gate_that_is_shut():
    """z = 0: the edge is ρ itself, the end of the bracket."""
    for rho in (1.3, 50.0):
        log_delta = log_edge_distance(rho, -50.0, 1.0)
        assert np.exp(log_delta) == pytest.approx(rho - 1, rel=1e-12)


def test_agrees_with_the_curve():
    for parameters in ({"a_z": 1, "a_r": 10}, {"a_z": 4, "a_r": 2, "b_z": -0.5, "v_z": 0.3}):
        point = rg.fixed_points(rg.GRU(a_h=3, **parameters))[-1]
        assert point.spectral_radius == pytest.approx(rg.spectral_radius(point), rel=1e-12)
        assert point.spectral_radius > 1.05
