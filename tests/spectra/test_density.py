"""Masses inside circles: exact spectra, total mass by contour and by area, networks."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.spectra.density import _arcs


def disc_fraction(center, R, radius, at):
    """Share of the uniform disc |λ−center| < R within `radius` of a point: discs overlap."""
    d = abs(center - at)
    if d >= R + radius:
        return 0.0
    if d <= abs(R - radius):
        return min(radius / R, 1.0) ** 2
    one = np.arccos((d**2 + R**2 - radius**2) / (2 * d * R))
    other = np.arccos((d**2 + radius**2 - R**2) / (2 * d * radius))
    kite = 0.5 * np.sqrt((R + radius - d) * (d + radius - R) * (d + R - radius) * (d + R + radius))
    return (R**2 * one + radius**2 * other - kite) / (np.pi * R**2)


@pytest.fixture(scope="module")
def disc():
    """A uniform disc of radius 3/4 at 1/2."""
    return rg.fixed_points(rg.GRU(a_h=3))[0]


def test_circles_about_the_centre(disc):
    R = np.array([0.0, 0.1, 0.5, 0.7499, 0.7501, 3.0])
    exact = np.minimum(R / 0.75, 1) ** 2
    np.testing.assert_allclose(rg.eigenvalue_fraction(disc, 0.5, R), exact, atol=1e-9)


@pytest.mark.parametrize(("at", "radius"), [(1.0, 0.1), (1.0, 0.5), (0.0, 0.9), (-0.4, 0.2)])
def test_circles_that_cross_the_boundary(disc, at, radius):
    """G has a kink where the circle leaves the support."""
    exact = disc_fraction(0.5, 0.75, radius, at)
    assert rg.eigenvalue_fraction(disc, at, radius) == pytest.approx(exact, abs=2e-5)


def test_circles_off_the_real_axis(disc):
    """By rotation: the same distance from the centre, the same mass."""
    for radius in (0.2, 0.6):
        exact = rg.eigenvalue_fraction(disc, 0.5 + 0.5, radius)
        for angle in (0.3, 1.2, -2.0):
            turned = rg.eigenvalue_fraction(disc, 0.5 + 0.5 * np.exp(1j * angle), radius)
            assert turned == pytest.approx(exact, abs=2e-5)


def test_point_masses_count():
    """LSTM with a_o = 0: half of the eigenvalues are at 0."""
    point = rg.fixed_points(rg.LSTM(a_h=3, a_f=1, a_i=1))[-1]
    near = rg.eigenvalue_fraction(point, 0, [1e-3, 1e-2])
    np.testing.assert_allclose(near, 0.5, atol=1e-3)


MODELS = [
    rg.GRU(a_h=3, a_z=1, a_r=10),
    rg.GRU(a_h=3, a_z=10, a_r=2),
    rg.GRU(a_h=3, a_z=2, a_r=5, reset="after"),
    rg.LSTM(a_h=3, a_f=2, a_i=1, a_o=2),
    rg.LSTM(a_h=3, a_f=2),
    rg.Vanilla(a_h=2),
]


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_total_mass_by_contour(model):
    """∮G around everything, point masses and all."""
    unit = rg.fixed_points(model)[-1].unit.rows(slice(1000))
    assert rg.eigenvalue_fraction(unit, 0.5, 30.0) == pytest.approx(1, abs=1e-12)
    assert rg.eigenvalue_fraction(unit, 0.2 + 0.3j, 30.0) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("reset", ["before", "after"])
def test_total_mass_by_area(reset):
    """∬μ where it is a function of |λ − z| alone: a constant update gate."""
    model = rg.GRU(a_h=3, a_r=6, b_z=0.5, reset=reset)
    unit = rg.fixed_points(model)[-1].unit.rows(slice(1000))
    z, edge = 1 / (1 + np.exp(-0.5)), rg.spectral_radius(unit)
    t, w = np.polynomial.legendre.leggauss(60)
    inner = np.log(1e-5)  # saturated units hardly move: their eigenvalues crowd at z
    log_r = inner + 0.5 * (np.log(edge - z) - inner) * (1 + t)
    density = rg.eigenvalue_density(unit, z + np.exp(log_r + 0.7j))
    ring = np.pi * (np.log(edge - z) - inner) * w @ (np.exp(2 * log_r) * density)
    assert ring + rg.eigenvalue_fraction(unit, z, 1e-5) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("center", "R"), [(0.4 + 0.35j, 0.15), (-0.2 + 0.1j, 0.09)])
def test_area_of_a_disc_is_its_contour(chaotic, center, R):
    """∬μ over a disc inside the support against Gauss's law on its circle."""
    t, w = np.polynomial.legendre.leggauss(8)
    r, theta = 0.5 * R * (1 + t), 2 * np.pi * np.arange(12) / 12
    lam = center + np.outer(r, np.exp(1j * theta))
    assert rg.resolvent(chaotic, lam).inside.all()
    area = (0.5 * R * w * r) @ rg.eigenvalue_density(chaotic, lam).mean(axis=1) * 2 * np.pi
    assert rg.eigenvalue_fraction(chaotic, center, R) == pytest.approx(area, rel=1e-6)


def test_the_case_called_intractable(chaotic):
    """(3, 1, 10): masses within 0.3, 0.6 and 1 of λ = 1, against six networks of 1000 units.

    Their means and standard errors: 0.1407(27), 0.5837(34), 0.9008(22); theory.md has 0.133,
    0.579, 0.900 of one network. The theory's own sample is good to about 1 %.
    """
    found = rg.slow_mode_fraction(chaotic, [0.3, 0.6, 1.0])
    assert np.all(np.abs(found - [0.1407, 0.5837, 0.9008]) < 3 * np.array([0.003, 0.004, 0.0025]))


def test_lstm_reference():
    """§8, (3, 1, 1, 1): per unit 1.3938 within |λ| < 0.5 and 0.0058 within 0.05 of 1."""
    state = rg.steady_state(rg.LSTM(a_h=3, a_i=1, a_f=1, a_o=1), rng=0)
    assert 2 * rg.eigenvalue_fraction(state, 0, 0.5) == pytest.approx(1.3938, abs=0.004)
    assert 2 * rg.slow_mode_fraction(state, 0.05) == pytest.approx(0.0058, abs=0.0003)


def test_relaxation_times(disc):
    """−1/log|λ| > T is |λ| > e^{−1/T}: what a circle about 0 leaves outside."""
    times = np.array([0.5, 1.0, 20.0])
    exact = [1 - disc_fraction(0.5, 0.75, np.exp(-1 / T), 0.0) for T in times]
    np.testing.assert_allclose(rg.relaxation_time_fraction(disc, times), exact, atol=2e-5)
    assert isinstance(rg.relaxation_time_fraction(disc, 2.0), float)


def test_of_one_network():
    """The same functions on a network's own units: the mass its eigenvalues should have."""
    network = rg.sample_network(rg.LSTM(a_h=3, a_f=2, a_i=1, a_o=2), 400, rng=0)
    h = network.run(100, burn_in=200, rng=0).h
    lam = network.eigenvalues(h)
    for center, R in ((0.0, 0.3), (1.0, 0.4), (0.5 + 0.3j, 0.3)):
        counted = np.mean(np.abs(lam - center) < R)
        assert rg.eigenvalue_fraction(network.unit(h), center, R) == pytest.approx(
            counted, abs=0.02
        )


def test_refusals(disc):
    with pytest.raises(TypeError, match=r"^center must be a number, got \[0, 1\]$"):
        rg.eigenvalue_fraction(disc, [0, 1], 1.0)
    for radius in (-1.0, np.nan, np.inf, [0.5, -1.0]):
        with pytest.raises(ValueError, match=r"^radius must be finite and at least 0, got "):
            rg.eigenvalue_fraction(disc, 0.0, radius)
    with pytest.raises(ValueError, match=r"^center must be finite, got inf$"):
        rg.eigenvalue_fraction(disc, np.inf, 1.0)
    for radius in (None, "0.5", 1j, [0.1, 0.2j]):
        with pytest.raises(TypeError, match=r"^radius must be a number or an array of real number"):
            rg.eigenvalue_fraction(disc, 0.0, radius)
    with pytest.raises(TypeError, match=r"^radius must be a number or an array .* got 'x'$"):
        rg.slow_mode_fraction(disc, "x")
    with pytest.raises(TypeError, match=r"^time must be a number or an array of real numbers"):
        rg.relaxation_time_fraction(disc, [[1, 2], [3]])
    for time in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match=r"^time must be positive, got "):
            rg.relaxation_time_fraction(disc, time)


def test_sharp_gates_have_modes_at_all_scales():
    """Times from 300 to ∞ at a_z = 20: random matrices with these units have 0.212 to 0.227 beyond
    10⁴ steps and 0.004 to 0.011 beyond 1; a contour graded to 1e-15 says the rest."""
    point = rg.fixed_points(rg.GRU(a_h=3, a_z=20, a_r=1))[-1]
    fraction = rg.relaxation_time_fraction(point, [300, 1e3, 1e4, 1e5])
    np.testing.assert_allclose(fraction, [0.3224, 0.2883, 0.2283, 0.1763], atol=2e-3)
    growing = 1 - rg.eigenvalue_fraction(point, 0, 1.0)
    assert growing == pytest.approx(0.0082, abs=2e-3)


def test_a_point_mass_on_the_circle_is_not_inside():
    point = rg.fixed_points(rg.LSTM(a_h=0.5))[0]  # N zeros, and a disc around 1/2
    fractions = rg.slow_mode_fraction(point, [1.0, 0.999, 1.001, 1e155])
    np.testing.assert_allclose(fractions, [0.5, 0.5, 1, 1], atol=1e-9)
    alone = rg.fixed_points(rg.GRU(a_h=0))[0]
    np.testing.assert_allclose(rg.eigenvalue_fraction(alone, 0, [0.5, 0.6]), [0, 1], atol=1e-12)


def test_nothing_moves_saturated_units():
    """At a_h = 10⁶ no unit of the sample has a slope: all eigenvalues are the gate's."""
    point = rg.fixed_points(rg.GRU(a_h=1e6))[-1]
    assert rg.eigenvalue_density(point, 0.3) == 0
    np.testing.assert_allclose(rg.eigenvalue_fraction(point, 0, [0.4, 0.6]), [0, 1], atol=1e-6)


@pytest.mark.parametrize("center, R", [(0.9, 0.5), (0.5 + 0.5j, 0.6), (-0.2, 0.4 + 1e-3)])
def test_lens_of_two_circles(center, R):
    """The lens that two circles have in common, of a uniform disc of radius 3/4 around 1/2."""
    point, r = rg.fixed_points(rg.GRU(a_h=3))[0], 0.75
    d = abs(center - 0.5)
    first, second = (d * d + r * r - R * R) / (2 * d * r), (d * d + R * R - r * r) / (2 * d * R)
    edge = (-d + r + R) * (d + r - R) * (d - r + R) * (d + r + R)
    area = r**2 * np.arccos(first) + R**2 * np.arccos(second) - 0.5 * np.sqrt(edge)
    found = rg.eigenvalue_fraction(point, center, R)
    assert found == pytest.approx(area / (np.pi * r**2), abs=2e-7)


def test_times_next_to_nothing():
    assert rg.relaxation_time_fraction(rg.fixed_points(rg.GRU(a_h=3))[0], 1e-320) == 1


@pytest.mark.parametrize("center", [0.3, 0.3 + 0.2j, -0.1 - 0.4j])
def test_circles_are_cut_at_the_real_axis(center):
    """Where the resolvent of a sample has its gates: at both crossings, and once around."""

    class Nowhere:
        def contains(self, lam):
            return np.zeros(np.shape(lam), bool)

    center = complex(center)
    angles = _arcs(Nowhere(), center, 0.5)
    assert np.abs((center + 0.5 * np.exp(1j * angles)).imag).max() < 1e-15
    assert angles[-1] - angles[0] == pytest.approx(2 * np.pi if center.imag else np.pi)
    assert len(angles) == (3 if center.imag else 2)


@pytest.mark.parametrize(
    "center, radius",
    [
        (0.5 + 20j, 19.3),
        (0.5 + 100j, 99.9),
        (0.5 - 50j, 49.7),
        (0.5 + 4j, 3.5),
        (30 + 40j, 49.9),
        (-100.0, 100.2),
        (0.5 + 1e4j, 1e4),
        (2 + 50j, 40.0),
        (100 + 100j, 300.0),
        (0.0, 1e3),
    ],
)
def test_circles_much_larger_than_the_support(disc, center, radius):
    """They cross it within a small part of a turn, or not at all."""
    # by less than R/radius a half plane, of which `disc_fraction` loses the digits
    exact = 0.5 if radius == 1e4 else disc_fraction(0.5, 0.75, radius, center)
    accuracy = 1e-4 if radius == 1e4 else 1e-6
    assert rg.eigenvalue_fraction(disc, center, radius) == pytest.approx(exact, abs=accuracy)


def test_the_smallest_circles():
    """Of a point mass all or nothing is inside; a circle through it has none of it."""
    zeros = rg.fixed_points(rg.LSTM(a_h=3, a_f=1, a_i=1))[-1]  # half of the eigenvalues are 0
    radii = [0.0, 1e-15, 1e-13, 5e-13, 1e-10]
    np.testing.assert_allclose(rg.eigenvalue_fraction(zeros, 0, radii), [0, *[0.5] * 4], atol=1e-8)
    assert rg.relaxation_time_fraction(zeros, 0.02) == pytest.approx(0.5, abs=1e-8)
    dead = rg.fixed_points(rg.Vanilla(a_h=0))[0]
    np.testing.assert_allclose(rg.eigenvalue_fraction(dead, 0, [0, 1e-15, 1]), [0, 1, 1])
    through = rg.eigenvalue_fraction(zeros, 0.3, [0.3 - 1e-9, 0.3, 0.3 + 1e-9])
    np.testing.assert_allclose(np.diff(through), [0, 0.5], atol=1e-6)
