"""E[(1−z)² q(ζ)/|λ−z|²] with kinks and jumps, against adaptive quadrature and the lattice."""

import mpmath as mp
import numpy as np
import pytest

from rmt_gates.gaussian.panel_pole_average import PanelPoleAverage, second_kind
from rmt_gates.gaussian.pole_average import GaussianPoleAverage

KINK = 0.7


def kinked(zeta):
    """A kink and a jump at one place."""
    return np.where(zeta < KINK, 1.0 + 0 * zeta, 2.0 + np.abs(zeta - KINK))


def oracle(mean, variance, x, y):
    """By panels broken at the kink and graded around the pole's real part, 30 digits."""
    with mp.workdps(30):
        mean, sd, x, y, kink = mp.mpf(mean), mp.sqrt(variance), mp.mpf(x), mp.mpf(y), mp.mpf(KINK)

        def f(zeta, q):
            z, leak = 1 / (1 + mp.exp(-zeta)), 1 / (1 + mp.exp(zeta))
            bell = mp.exp(-((zeta - mean) ** 2) / (2 * sd**2)) / (sd * mp.sqrt(2 * mp.pi))
            return bell * leak**2 / ((x - z) ** 2 + y**2) * q(zeta)

        p = mp.log(mp.mpc(x, y)) - mp.log(mp.mpc(1 - x, -y))
        breaks = {mean + k * sd for k in range(-10, 11)} | {kink}
        for k in range(-50, 4):
            breaks |= {p.real + s * mp.mpf(2) ** k for s in (-1, 1)}
        low = sorted(b for b in breaks | {p.real} if b <= kink)
        high = sorted(b for b in breaks | {p.real} if b >= kink)
        left = mp.quad(lambda t: f(t, lambda s: 1), low)
        return float(left + mp.quad(lambda t: f(t, lambda s: 2 + s - kink), high))


@pytest.mark.parametrize("mean, variance", [(0.0, 0.5), (-1.2, 3.0), (2.0, 60.0)])
@pytest.mark.parametrize("x, y", [(0.4, 0.3), (0.66, 1e-3), (0.9, 1e-9), (-0.2, 0.05), (1.4, 0.2)])
def test_a_kink_and_a_jump(mean, variance, x, y):
    point = np.array([x]), np.array([1 - x]), np.array([y])
    value, _ = PanelPoleAverage(mean, variance, kinked)(*point)
    assert value[0] == pytest.approx(oracle(mean, variance, x, y), rel=1e-8)


@pytest.mark.parametrize("mean", [2.5, -2.5])
def test_a_narrow_law_far_from_zero(mean):
    """sd = 0.05, on the law and beside it."""
    for x, y in ((1 / (1 + np.exp(-mean - 0.03)), 1e-4), (0.4, 0.3), (1.3, 0.0)):
        point = np.array([x]), np.array([1 - x]), np.array([y])
        value, _ = PanelPoleAverage(mean, 0.0025, kinked)(*point)
        assert value[0] == pytest.approx(oracle(mean, 0.0025, x, y), rel=1e-8)


def test_slope_is_the_derivative():
    average = PanelPoleAverage(0.3, 2.0, kinked)
    x = np.array([-0.3, 0.2, 0.5, 0.668, 0.95, 1.2])
    for y in (1e-3, 0.1, 1.0):
        step = 1e-4 * y
        up, down = (average(x, 1 - x, np.full(6, y + s * step))[0] for s in (1, -1))
        _, slope = average(x, 1 - x, np.full(6, y))
        scale = np.abs(slope).max()
        np.testing.assert_allclose(slope, (up - down) / (2 * step), rtol=1e-6, atol=1e-12 * scale)


@pytest.mark.parametrize("mean, variance", [(0.0, 0.5), (2.0, 60.0), (0.5, 4e4), (0.3, 1e-3)])
@pytest.mark.parametrize("y", [1.0, 1e-2, 1e-5])
def test_a_smooth_numerator_is_that_of_the_lattice(mean, variance, y):
    """At any distance from the segment and, given apart, from 1."""
    u = np.concatenate([1 - np.linspace(-0.5, 1.5, 101), np.geomspace(1e-9, 0.1, 30)])
    points = 1 - u, u, np.full(u.shape, y)
    value, slope = PanelPoleAverage(mean, variance, lambda x: 1.7 + 0 * x)(*points)
    exact = GaussianPoleAverage(mean, variance, lambda x: 1.7 + 0 * x, lambda x: 0 * x)(*points)
    np.testing.assert_allclose(value, exact[0], rtol=2e-9)
    np.testing.assert_allclose(slope, exact[1], rtol=1e-6, atol=1e-9 * np.abs(exact[1]).max())


def test_beyond_the_ends():
    panels = PanelPoleAverage(0.4, 2.0, lambda x: 1.7 + 0 * x)
    lattice = GaussianPoleAverage(0.4, 2.0, lambda x: 1.7 + 0 * x, lambda x: 0 * x)
    for delta in (0.0, 1e-60, 1e-3, 0.4):
        for right in (True, False):
            exact = lattice.beyond(delta, right)
            assert panels.beyond(delta, right) == pytest.approx(exact, rel=1e-9)


def test_a_numerator_that_vanishes():
    average = PanelPoleAverage(0.3, 2.0, lambda x: 0 * x)
    value, slope = average(np.array([0.4, 1.3]), np.array([0.6, -0.3]), np.array([1e-9, 0.0]))
    assert not value.any() and not slope.any() and average.beyond(0.0, right=True) == 0


def test_a_rough_numerator_comes_to_an_end():
    """No number of panels meets noise; the average is as good as the noise allows."""
    rng = np.random.default_rng(0)
    rough = PanelPoleAverage(0.0, 1.0, lambda x: 1 + 1e-3 * rng.standard_normal(np.shape(x)))
    exact = PanelPoleAverage(0.0, 1.0, lambda x: 1 + 0 * x)
    assert rough.beyond(0.5, True) == pytest.approx(exact.beyond(0.5, True), rel=1e-3)


def test_a_scale_of_the_numerator_is_one_of_the_average():
    small = PanelPoleAverage(0.3, 2.0, lambda x: 1e-30 * kinked(x))
    average = PanelPoleAverage(0.3, 2.0, kinked)
    panels = [one.low[np.abs(one.low) < 20] for one in (small, average)]
    np.testing.assert_array_equal(*panels)
    x, y = np.array([0.2, 0.66, 0.668, 1.2]), np.array([0.1, 1e-3, 1e-6, 0.1])
    for got, exact in zip(small(x, 1 - x, y), average(x, 1 - x, y), strict=True):
        np.testing.assert_allclose(got, 1e-30 * exact, rtol=1e-12)


def test_a_kink_in_the_middle_of_a_panel():
    """There every other Legendre coefficient vanishes, the last one too."""
    mean, sd, middle = 0.3, 0.3, 0.45

    def q(zeta):
        bell = np.exp(-0.5 * ((zeta - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
        M = np.where(np.abs(zeta - middle) < 0.15, np.abs(zeta - middle), 0.0)
        return M * (1 + np.exp(zeta)) ** 2 / bell

    far = PanelPoleAverage(mean, sd**2, q).beyond(1e8, right=True)
    assert far * 1e16 == pytest.approx(0.15**2, rel=1e-7)


@pytest.mark.parametrize("zeta", [0.5, 0.69, 0.71, 0.9])
def test_a_kink_far_out_in_the_tail(zeta):
    """A thin lens at 10 deviations: π M(p) / (y dz/dζ), M the numerator beside its jump."""
    z = 1 / (1 + np.exp(-zeta))
    point = np.array([z]), np.array([1 - z]), np.array([1e-40])
    value, _ = PanelPoleAverage(-9.3, 1.0, kinked)(*point)
    M = np.exp(-0.5 * (zeta + 9.3) ** 2) / np.sqrt(2 * np.pi) * (1 - z) ** 2 * kinked(zeta)
    assert value[0] == pytest.approx(np.pi * M / (1e-40 * z * (1 - z)), rel=1e-7)


@pytest.mark.parametrize("scale", [1e-12, 1e-30])
def test_close_to_the_segments_left_end(scale):
    """A wide law: where its gates are shut its panels are narrow too, and other poles far."""
    points = scale * np.array([[1.0, 3.0], [0.0, 0.0], [0.5, 2.0]])
    points[1] = 1.0
    panels = PanelPoleAverage(0.5, 4e4, lambda x: 1.7 + 0 * x)(*points)
    lattice = GaussianPoleAverage(0.5, 4e4, lambda x: 1.7 + 0 * x, lambda x: 0 * x)(*points)
    np.testing.assert_allclose(panels[0], lattice[0], rtol=1e-9)


def test_ends_of_the_segment():
    average = PanelPoleAverage(0.4, 2.0, kinked)
    ends = np.array([0.0, 1.0])
    value, _ = average(ends, 1 - ends, np.zeros(2))
    exact = average.beyond(0.0, right=False), average.beyond(0.0, right=True)
    np.testing.assert_allclose(value, exact, rtol=1e-12)


def test_second_kind():
    """Q_k(τ) = ½ ∫ P_k(t)/(τ−t) dt (Neumann)."""
    t, w = np.polynomial.legendre.leggauss(200)
    tau = np.array([0.2 + 0.4j, -1.3 + 0.1j, 1.5 + 0.0j])
    Q, dQ = second_kind(tau, 5)
    P = np.polynomial.legendre.legvander(t, 5)
    inverse = 1 / (tau[:, None] - t)
    np.testing.assert_allclose(Q.T, 0.5 * inverse @ (w[:, None] * P), rtol=1e-9)
    np.testing.assert_allclose(dQ.T, -0.5 * inverse**2 @ (w[:, None] * P), rtol=1e-9)
