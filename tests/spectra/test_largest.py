"""The modulus beyond which one eigenvalue is expected."""

import numpy as np
import pytest
from scipy.special import erfc, expit, ndtri

import rmt_gates as rg
from rmt_gates.spectra.largest import EdgeBlur


def disc(center, R, points=4001):
    theta = np.pi * np.linspace(1, 0, points)
    lam = center + R * np.exp(1j * theta)
    return lam.real, np.abs(lam.imag), np.full(points, 1 / (np.pi * R**2))


@pytest.mark.parametrize("beyond", [-0.03, 0.0, 0.02])
def test_blur_of_a_disc(beyond):
    """½ erfc(ks) − step, integrated over the plane beyond a circle that touches the disc."""
    center, R, N = 0.5, 0.375, 1000
    x, y, mu = disc(center, R)
    k = np.sqrt(2 * np.pi * N * mu[0])
    blur = EdgeBlur(x, y, mu, N)
    radius = center + R + beyond
    r = radius + np.linspace(0, 8 / k + 0.05, 2001)
    theta = np.linspace(0, np.pi, 4001)
    s = np.abs(r[:, None] * np.exp(1j * theta) - center) - R
    change = N * mu[0] * (0.5 * erfc(k * s) - (s < 0))
    direct = 2 * np.trapezoid(np.trapezoid(change, theta, axis=1) * r, r)
    assert blur.carried(radius) == pytest.approx(direct, rel=0.06, abs=0.05 if beyond < 0 else 0)
    assert blur.reach == pytest.approx(6 / k)


def test_blur_of_nothing():
    """A point has no edge."""
    assert EdgeBlur(np.full(5, 0.5), np.zeros(5), np.zeros(5), 10).carried(0.6) == 0


@pytest.mark.parametrize(
    "model",
    [
        rg.Vanilla(a_h=0.8),
        rg.GRU(a_h=1.5, b_z=0.5),
        rg.GRU(a_h=0.9, v_z=1.0, v_r=1.0),
        rg.LSTM(a_h=0.9),
    ],
    ids=["disc around 0", "disc around z", "gates that vary", "two eigenvalues a unit"],
)
def test_networks_have_one_beyond(model):
    """Mean number over 60 networks; at the tip on the real axis there is a fifth more."""
    N, networks = 200, 60
    rest = np.zeros((2, N) if isinstance(model, rg.LSTM) else N)
    x = rg.spectral_curve(rg.fixed_points(model)[0]).radius_at(N)
    beyond = [
        np.sum(np.abs(rg.sample_network(model, N, rng=seed).eigenvalues(rest)) > x)
        for seed in range(networks)
    ]
    error = np.std(beyond, ddof=1) / np.sqrt(networks)
    assert abs(np.mean(beyond) - 1) < 3 * error + 0.2


@pytest.mark.parametrize("a_h", [1e-3, 0.1])
def test_gates_alone_reach_their_quantile(a_h):
    """Where weights do little, eigenvalues are gates: N times their tail is 1."""
    point = rg.fixed_points(rg.GRU(a_h=a_h, v_z=1.0))[0]
    curve = rg.spectral_curve(point)
    for N in (50, 1000):
        tail = N * np.mean(expit(point.unit["zeta"]) > curve.radius_at(N))
        assert tail == pytest.approx(1, abs=0.2)
        assert curve.radius_at(N) == pytest.approx(expit(-ndtri(1 / N)), abs=3e-3)


def test_more_units_come_closer_to_the_radius():
    curve = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=3, b_z=0.3))[-1])
    radii = [curve.radius_at(N) for N in (100, 1000, 10_000)]
    distance = np.abs(np.array(radii) - curve.radius)
    assert np.all(distance[1:] < distance[:-1])


def test_one_unit():
    """N = 1: half of a disc's mass is within the median, and one eigenvalue beyond 0."""
    curve = rg.spectral_curve(rg.fixed_points(rg.Vanilla(a_h=0.8))[0])
    assert 0.5 < curve.radius_at(1) < 0.8


def test_far_below_a_support_that_is_all_but_empty():
    """Enormous gains: radius 10⁵, which no network of 1000 units shows; its gates are at 1."""
    curve = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=1e6, a_z=1e6, a_r=1e6))[-1])
    assert curve.radius > 1e5
    assert curve.radius_at(1000) == pytest.approx(1, abs=1e-4)


def test_without_masses_there_is_no_answer(monkeypatch):
    from rmt_gates.spectra import largest

    monkeypatch.setattr(largest.Enclosed, "__call__", lambda self, radius: np.nan)
    curve = rg.spectral_curve(rg.fixed_points(rg.Vanilla(a_h=0.8))[0])
    assert np.isnan(curve.radius_at(100))


def test_the_widest_blur():
    """Where the density of the boundary is lowest: a few of its widths beyond there is nothing."""
    x, y, _ = disc(0.0, 1.0, points=401)
    for mu in (np.linspace(4, 1, 401), np.linspace(1, 4, 401)):
        lowest = np.convolve(mu, [0.5, 0.5], "valid").min()
        assert EdgeBlur(x, y, mu, 100).reach == pytest.approx(6 / np.sqrt(200 * np.pi * lowest))
