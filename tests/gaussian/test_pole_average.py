"""E[(1−z)² q(ζ)/|λ−z|²] against adaptive quadrature, at any distance from the real axis."""

import mpmath as mp
import numpy as np
import pytest

from rmt_gates.architectures import GRU
from rmt_gates.gaussian.conditional_moment import ConditionalMoment
from rmt_gates.gaussian.pole_average import GaussianPoleAverage, SampledPoleAverage

LAWS = [(0.0, 0.5), (-1.2, 3.0), (2.0, 60.0), (0.3, 1e-3), (0.5, 4e4)]
CONSTANT = (lambda x: 1.7 + 0 * x, lambda x: 0 * x)


def smooth_q():
    moment = ConditionalMoment(-1.2, 3.0, np.array([0.2, -0.05, 0.03]))
    (term,) = GRU(a_h=3, a_z=2.5, a_r=2, b_z=-1.2).pole_terms(0.48, moment)
    assert term.variance == pytest.approx(3.0)
    return term.q, term.dq


def oracle(mean, variance, x, y, q=None):
    """The average by panels graded around the pole's real part, 30 digits; q of a number."""
    with mp.workdps(30):
        mean, sd, x, y = mp.mpf(mean), mp.sqrt(variance), mp.mpf(x), mp.mpf(y)

        def f(zeta):
            z, leak = 1 / (1 + mp.exp(-zeta)), 1 / (1 + mp.exp(zeta))
            bell = mp.exp(-((zeta - mean) ** 2) / (2 * sd**2)) / (sd * mp.sqrt(2 * mp.pi))
            distance = (x - z) ** 2 if x < 0.5 else ((1 - x) - leak) ** 2
            return bell * leak**2 / (distance + y**2) * (1 if q is None else q(zeta))

        # the integrand is bell-shaped, a step at 0 wide 1, and a peak at the logit of λ
        p = mp.log(mp.mpc(x, y)) - mp.log(mp.mpc(1 - x, -y))
        breaks = {mean + k * sd for k in range(-10, 11)}
        for centre, width in ((p.real, abs(p.imag)), (mp.mpf(0), mp.mpf(1))):
            for k in range(-1, 24):
                breaks |= {centre - width * 3**k, centre + width * 3**k}
        low, high = mean - 10 * sd, mean + 10 * sd
        breaks = sorted({b for b in breaks if low <= b <= high} | {low, high})
        return float(mp.quad(f, breaks, maxdegree=4))


POINTS = [(0.5, 0.4), (0.02, 1e-3), (0.7, 1e-6), (1.2, 0.1), (1.05, 0.0), (-0.2, 0.0), (-0.3, 0.5)]


@pytest.mark.parametrize("x, y", POINTS)
@pytest.mark.parametrize("mean, variance", LAWS)
def test_constant_numerator(mean, variance, x, y):
    average = GaussianPoleAverage(mean, variance, *CONSTANT)
    value, _ = average(*(np.array([v]) for v in (x, 1 - x, y)))
    np.testing.assert_allclose(value[0], 1.7 * oracle(mean, variance, x, y), rtol=3e-12)


@pytest.mark.parametrize("mean", [3.0, -3.0])
def test_a_narrow_law_far_from_zero(mean):
    """sd = 0.01: the pole counts only where λ is inside the law, wherever that lies."""
    average = GaussianPoleAverage(mean, 1e-4, *CONSTANT)
    for shift, y in ((0.004, 1e-7), (-0.013, 1e-6), (0.2, 1e-5)):
        x = 1 / (1 + np.exp(-mean - shift))
        value, _ = average(*(np.array([v]) for v in (x, 1 - x, y)))
        assert value[0] == pytest.approx(1.7 * oracle(mean, 1e-4, x, y), rel=3e-11)


@pytest.mark.parametrize("x, y", [(0.4, 0.3), (0.2, 1e-6), (0.9, 1e-4), (1.1, 0.0)])
def test_numerator_that_depends_on_the_gate(x, y):
    q, dq = smooth_q()
    average = GaussianPoleAverage(-1.2, 3.0, q, dq)
    value, _ = average(*(np.array([v]) for v in (x, 1 - x, y)))

    def q_mp(zeta):
        return mp.mpf(float(q(np.array([float(zeta)]))[0]))

    np.testing.assert_allclose(value[0], oracle(-1.2, 3.0, x, y, q_mp), rtol=2e-12)


@pytest.mark.parametrize("mean, variance", LAWS)
def test_slope_is_the_derivative(mean, variance):
    """In log y, by a difference of high order: every branch (node, pole, lattice) is visited."""
    q, dq = smooth_q()
    for numerator in (CONSTANT, (q, dq)):
        average = GaussianPoleAverage(mean, variance, *numerator)
        x = np.repeat([-0.2, 0.003, 0.31, 0.5, 0.77, 0.998, 1.3], 4)
        y = np.tile([2.0, 0.1, 1e-3, 1e-7], 7)
        d = 1e-3
        values = [average(x, 1 - x, y * np.exp(k * d))[0] for k in (-3, -2, -1, 1, 2, 3)]
        stencil = np.array([-1, 9, -45, 45, -9, 1]) / (60 * d)
        numerical = stencil @ np.array(values)
        value, slope = average(x, 1 - x, y)
        np.testing.assert_allclose(y * slope, numerical, rtol=0, atol=2e-11 * value.max(initial=1))
        scale = np.abs(y * slope) + value
        assert np.all(np.abs(y * slope - numerical) < 1e-10 * scale)


def test_both_lattices_agree_everywhere_along_a_line():
    """The pole passes nodes and midpoints of the lattice: no trace of the lattice is left."""
    x = np.linspace(0.3, 0.7, 4001)
    y = np.full(x.shape, 1e-5)
    value = GaussianPoleAverage(0.1, 2.0, *CONSTANT)(x, 1 - x, y)[0]
    rough = np.diff(value, n=4)
    assert np.abs(rough).max() < 3e-10 * value.max()


def test_close_to_one_the_distance_is_given_apart():
    """x = 1 + 1e-40 is 1 in floating point; u = −1e-40 is not."""
    average = GaussianPoleAverage(0.0, 1e4, *CONSTANT)
    one, zero = np.ones(2), np.zeros(2)
    value = average(one, np.array([-1e-40, -1e-20]), zero)[0]
    # (1−z)/(x−z) = 1/(1 + δ(1+e^ζ)): a step at ζ = log 1/δ
    s = np.linspace(-9, 9, 400_001)
    w = np.exp(-0.5 * s * s)
    for delta, got in zip((1e-40, 1e-20), value, strict=True):
        ratio = 1 / (1 + np.exp(np.minimum(100 * s + np.log(delta), 700)))
        np.testing.assert_allclose(got, 1.7 * (ratio**2 @ w) / w.sum(), rtol=1e-10)
    assert value[0] > 1.01 * value[1]


def test_far_away_it_is_the_weight_over_the_distance_squared():
    average = GaussianPoleAverage(0.4, 2.0, *CONSTANT)
    x = np.array([1e8, 0.0, -1e8])
    value, slope = average(x, 1 - x, np.array([0.0, 1e8, 0.0]))
    weight = average.lattices[0].weight.sum()
    s = np.linspace(-9, 9, 4001)
    w = np.exp(-0.5 * s * s)
    exact = 1.7 * ((1 / (1 + np.exp(0.4 + np.sqrt(2.0) * s))) ** 2 @ w) / w.sum()
    assert weight == pytest.approx(exact, rel=1e-13)
    np.testing.assert_allclose(value * 1e16, exact, rtol=1e-7)
    np.testing.assert_allclose(slope[1] * 1e24, -2 * exact, rtol=1e-7)


def test_many_points_are_cut_into_parts():
    average = GaussianPoleAverage(0.4, 2.0, *CONSTANT)
    x = np.linspace(-0.5, 1.5, 30_001)
    y = np.full(x.shape, 0.02)
    value, slope = average(x, 1 - x, y)
    for i in (0, 7777, 15_000, 15_001, 30_000):
        one = average(x[i : i + 1], 1 - x[i : i + 1], y[i : i + 1])
        np.testing.assert_allclose([value[i], slope[i]], np.ravel(one), rtol=1e-13)


def test_no_points():
    value, slope = GaussianPoleAverage(0.4, 2.0, *CONSTANT)(*np.empty((3, 0)))
    assert value.shape == slope.shape == (0,)


def test_a_numerator_that_vanishes():
    """The average is 0 everywhere, on the gate's own segment too."""
    average = GaussianPoleAverage(0.3, 2.0, lambda x: 0 * x, lambda x: 0 * x)
    x, y = np.array([-0.2, 0.4, 0.4, 1.3]), np.array([0.0, 1e-9, 0.5, 0.0])
    value, slope = average(x, 1 - x, y)
    assert not value.any() and not slope.any()
    assert average.beyond(0.1, right=True) == average.beyond(0.0, right=False) == 0


def test_sampled():
    rng = np.random.default_rng(0)
    z, w = rng.uniform(size=50), rng.uniform(size=50)
    x = np.array([-0.3, 0.2, 0.49, 0.51, 0.8, 1.4])
    y = np.array([0.0, 0.1, 0.02, 0.3, 1e-3, 0.0])
    value, slope = SampledPoleAverage(z, 1 - z, w)(x, 1 - x, y)
    d2 = (x[:, None] - z) ** 2 + y[:, None] ** 2
    np.testing.assert_allclose(value, (w / d2).sum(axis=1), rtol=1e-11)
    np.testing.assert_allclose(slope, -2 * y * (w / d2**2).sum(axis=1), rtol=1e-11)


def test_sampled_takes_distances_to_one_from_the_leak():
    leak = np.array([1e-30, 3e-30])
    value, _ = SampledPoleAverage(np.ones(2), leak, np.array([1.0, 2.0]))(
        np.ones(1), np.array([-1e-30]), np.zeros(1)
    )
    np.testing.assert_allclose(value, 1e60 / 4 + 2e60 / 16, rtol=1e-14)


def test_beyond_the_ends():
    """On the real axis at 1 + δ and at −δ, with δ apart."""
    average = GaussianPoleAverage(0.4, 2.0, *CONSTANT)
    for delta in (1e-3, 0.4):
        right, left = average.beyond(delta, True), average.beyond(delta, False)
        assert right == pytest.approx(1.7 * oracle(0.4, 2.0, 1 + delta, 0.0), rel=1e-12)
        assert left == pytest.approx(1.7 * oracle(0.4, 2.0, -delta, 0.0), rel=1e-12)
    sample = SampledPoleAverage(np.array([0.2, 1.0]), np.array([0.8, 1e-200]), np.ones(2))
    assert sample.beyond(0.5, True) == pytest.approx(1.3**-2 + 4, rel=1e-14)
    assert sample.beyond(0.0, True) == np.inf


def test_where_a_unit_or_the_segment_is_met():
    """A unit on the point is an infinite average, one beside it has a slope that overflows."""
    sample = SampledPoleAverage(np.array([0.2, 0.9]), np.array([0.8, 0.1]), np.ones(2))
    x, y = np.array([0.2, 0.2]), np.array([0.0, 1e-100])
    value, slope = sample(x, 1 - x, y)
    assert value[0] == np.inf and value[1] == pytest.approx(1e200, rel=1e-13)
    assert slope[1] == -np.inf
    average = GaussianPoleAverage(0.4, 2.0, *CONSTANT)
    ends = np.array([0.0, 1.0])
    value, _ = average(ends, 1 - ends, np.zeros(2))
    exact = average.beyond(0.0, right=False), average.beyond(0.0, right=True)
    np.testing.assert_allclose(value, exact, rtol=1e-12)
