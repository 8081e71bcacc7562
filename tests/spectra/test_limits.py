"""Discs as limits: the spectra of states near them tend to them, each at its rate."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.spectra.limits import binary_update_gate, constant_gate, zero_state

BIASED = {"a_h": 1, "a_z": 2, "a_r": 1, "b_z": -1, "b_r": 0.5}
MODELS = [
    rg.GRU(**BIASED),
    rg.GRU(**BIASED, reset="after"),
    rg.LSTM(a_h=1, a_f=2, a_i=1, a_o=3, b_f=-1, b_i=-0.3, b_o=0.5),
    rg.Vanilla(a_h=1),
]


def exponents(x, deviation):
    """d log |deviation| / d log x between neighbours."""
    return np.diff(np.log(np.abs(deviation))) / np.diff(np.log(x))


def distance(curve, circle):
    """Largest distance of the curve from the circle."""
    return np.abs(np.hypot(curve.x - circle.center, curve.y) - circle.radius).max()


# -- zero, (20)(21)(37) -------------------------------------------------------------------------
@pytest.mark.parametrize("model", MODELS, ids=str)
def test_zero_is_the_limit_of_small_states(model):
    """The curve of the state that branches off at (1+ε) a_c is O(ε) from the disc."""
    disc = zero_state(model)
    critical = (1 - disc.center) / disc.radius
    epsilon = np.array([1e-2, 1e-3, 1e-4])
    deviation = []
    for gain in critical * (1 + epsilon):
        near = model.replace(a_h=model.a_h * gain)
        point = rg.fixed_points(near)[1]
        radius = rg.spectral_radius(rg.fixed_points(near)[0])
        assert zero_state(near).spectral_radius == pytest.approx(radius, rel=1e-12)
        deviation.append(distance(rg.spectral_curve(point), zero_state(near)))
    assert deviation[0] < 0.02 * disc.radius * critical
    np.testing.assert_allclose(exponents(epsilon, deviation), 1, atol=0.01)


@pytest.mark.parametrize(
    "model, variance",
    [
        (rg.GRU(a_h=3, b_z=-1, b_r=0.5), "v_z"),
        (rg.GRU(a_h=3, b_z=-1, b_r=0.5, reset="after"), "v_r"),
        (rg.LSTM(a_h=3, b_f=-1), "v_f"),
        (rg.LSTM(a_h=3, b_f=-1), "v_o"),
    ],
    ids=str,
)
def test_little_disorder_of_a_gate(model, variance):
    """The zero state's curve is O(v) from the disc without disorder."""
    v = np.array([1e-2, 1e-3, 1e-4])
    points = [rg.fixed_points(model.replace(**{variance: x}))[0] for x in v]
    deviation = [distance(rg.spectral_curve(point), zero_state(model)) for point in points]
    assert deviation[0] < 2e-3
    np.testing.assert_allclose(exponents(v, deviation), 1, atol=0.01)


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_zero_by_the_general_machinery(model):
    """G, density and masses inside circles, with the point mass of the LSTM."""
    model = model.replace(a_h=2.5)
    point, disc = rg.fixed_points(model)[0], zero_state(model)
    lam = np.array([0.1 + 0.3j, -0.2, 0.9 + 0.1j, 2.0 + 1j, -5j])
    found = rg.resolvent(point, lam)
    np.testing.assert_allclose(disc.G(lam), found.G, rtol=1e-9)
    np.testing.assert_allclose(disc.density(lam), found.density, rtol=1e-9)
    assert len(set(found.inside.tolist())) == 2
    for center in (disc.center, 0.5j, -0.4):
        radius = np.array([0.0, 0.15, 0.6, 5.0])
        exact = rg.eigenvalue_fraction(point, center, radius)
        np.testing.assert_allclose(disc.fraction(center, radius), exact, atol=3e-5)
    masses = rg.point_masses(point)
    assert masses.location.tolist() == disc.point_masses.location.tolist()
    np.testing.assert_allclose(masses.weight, disc.point_masses.weight, atol=1e-12)


def test_a_disc_without_extent():
    """a_h = 0: all eigenvalues at σ(b_z)."""
    disc = zero_state(rg.GRU(a_h=0, b_z=1))
    assert disc.radius == 0 and disc.spectral_radius == disc.center == 1 / (1 + np.exp(-1))
    assert disc.fraction(disc.center, 1e-9) == 1 and disc.fraction(0, 0.7) == 0
    assert disc.fraction(disc.center, 0) == disc.fraction(0, disc.center) == 0  # |λ − center| < r
    assert disc.density(disc.center) == 0 and disc.G(1.0) == pytest.approx(1 / (1 - disc.center))


def test_circles_across_the_disc():
    """The lens of two circles against its chords; circles that touch the disc, or surround it."""
    disc = zero_state(rg.GRU(a_h=3))  # radius 3/4 at 1/2
    x, width = np.linspace(-0.25, 1.25, 200_001, retstep=True)
    for d, r in [(0.6, 0.3), (0.3, 0.6), (1.0, 0.8)]:
        half = np.minimum(
            np.sqrt(0.75**2 - np.minimum((x - 0.5) ** 2, 0.75**2)),
            np.sqrt(np.maximum(r**2 - (x - 0.5 - d) ** 2, 0)),
        )
        area = 2 * width * half.sum()
        for center in (0.5 + d, 0.5 - d, 0.5 + 1j * d):
            assert disc.fraction(center, r) == pytest.approx(area / (np.pi * 0.75**2), abs=1e-7)
    touching = disc.fraction(1.0, [0.25, 0.5, 1.25, 3.0])
    np.testing.assert_allclose(touching[[0, 2, 3]], [1 / 9, 1, 1], rtol=1e-14)
    assert disc.fraction(2.0, 0.75) == 0 and disc.fraction(0.5, 0.0) == 0


def test_a_half_plane():
    """A circle so large that it is straight: half of the disc, in spite of 10¹² beside 1."""
    disc = zero_state(rg.GRU(a_h=3))
    for radius in (1e3, 1e6):
        found = disc.fraction(0.5 + 1j * radius, radius)
        assert found == pytest.approx(0.5, abs=2 / radius) and found < 0.5


def test_circles_are_refused_by_name():
    """As rg.eigenvalue_fraction refuses them."""
    disc = zero_state(rg.LSTM(a_h=1))
    assert disc.fraction(0, 0) == 0 and disc.fraction(0, 0.1) == 0.5  # the point mass is not < 0
    with pytest.raises(ValueError, match="radius must be finite and at least 0, got -1"):
        disc.fraction(0, -1)
    with pytest.raises(TypeError, match="center must be a number"):
        disc.fraction("a", 1)
    with pytest.raises(TypeError, match="radius must be a number"):
        disc.fraction(0, "a")


# -- (23) ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("reset", ["before", "after"])
def test_a_gate_that_hardly_varies(reset):
    """The curve at a small a_z is O(a_z²) from the circle."""
    a_z = np.array([0.4, 0.1, 0.025])
    model = rg.GRU(a_h=4, a_r=3, b_z=-1, reset=reset)
    circle = constant_gate(rg.fixed_points(model)[-1])
    points = [rg.fixed_points(model.replace(a_z=x))[-1] for x in a_z]
    deviation = [distance(rg.spectral_curve(point), circle) for point in points]
    np.testing.assert_allclose(exponents(a_z, deviation), 2, atol=0.05)


@pytest.mark.parametrize("reset", ["before", "after"])
def test_a_constant_gate_in_motion(reset):
    """The criterion over the moving state's own units, to the noise of their sample."""
    state = rg.steady_state(rg.GRU(a_h=3, a_r=10, b_z=0.5, reset=reset))
    circle = constant_gate(state)
    assert state.kind == "chaotic" and circle.center == pytest.approx(0.622459, abs=1e-6)
    assert distance(rg.spectral_curve(state.unit), circle) < 0.02 * circle.radius
    assert circle.spectral_radius == pytest.approx(rg.spectral_radius(state), rel=1e-14)


# -- (22) ---------------------------------------------------------------------------------------
A_Z = np.array([10.0, 40.0, 160.0])
BINARY = [
    {"a_h": 4},
    {"a_h": 4, "b_r": 0.5, "beta": 0.2},
    {"a_h": 5, "b_h": 0.5, "beta": -0.1},
    {"a_h": 4, "beta": 0.3, "disorder": 0.2},
]


def sharp(a_z, *, beta=0.0, disorder=0.0, reset="before", **parameters):
    gate = {"a_z": a_z, "b_z": beta * a_z, "v_z": disorder * a_z**2}
    model = rg.GRU(**gate, activation="hardtanh", reset=reset, **parameters)
    return rg.fixed_points(model)[-1]


@pytest.mark.parametrize("parameters", BINARY, ids=str)
def test_masses_tend_to_22(parameters):
    """Inside circles about 1, 0, and across: differences fall as 1/a_z."""
    points = [sharp(a_z, **parameters) for a_z in A_Z]
    laws = [binary_update_gate(point) for point in points]
    for law in laws[1:]:  # it depends on β only
        assert law.fraction(0.2, 0.9) == pytest.approx(laws[0].fraction(0.2, 0.9), rel=1e-12)
    for center, radius in ((1.0, 0.1), (0.0, 0.2), (0.3, 0.9)):
        found = [rg.eigenvalue_fraction(point, center, radius) for point in points]
        deviation = np.array(found) - laws[0].fraction(center, radius)
        assert 0.005 < abs(deviation[0]) < 0.2
        np.testing.assert_allclose(exponents(A_Z, deviation), -1, atol=0.1)


@pytest.mark.parametrize("parameters", BINARY[1:3], ids=str)
def test_resolvent_and_density_tend_to_22(parameters):
    lam = np.array([0.3 + 0.4j, -0.5, 0.6 + 0.2j])
    points = [sharp(a_z, **parameters) for a_z in A_Z]
    law = binary_update_gate(points[0])
    found = [rg.resolvent(point, lam) for point in points]
    for deviation in (
        [f.density - law.density(lam) for f in found],
        [np.abs(f.G - law.G(lam)) for f in found],
    ):
        rate = [exponents(A_Z, column) for column in np.transpose(deviation)]
        np.testing.assert_allclose(rate, -1, atol=0.15)


def test_point_masses_tend_to_22():
    """At a large a_z a share O(1/a_z) of the gates is neither 0 nor 1 to twelve digits."""
    a_z = np.array([1e3, 1e4, 1e5])
    weights = []
    for x in a_z:
        point = sharp(x, a_h=4)
        masses = rg.point_masses(point)
        assert masses.location.tolist() == [0.0, 1.0]
        weights.append(masses.weight - binary_update_gate(point).point_masses.weight)
    assert np.all(np.array(weights) < 0)
    np.testing.assert_allclose(exponents(a_z[:2], np.array(weights)[:2, 0]), -1, atol=0.05)
    np.testing.assert_allclose(exponents(a_z[:2], np.array(weights)[:2, 1]), -1, atol=0.05)
    assert np.abs(weights[-1]).max() < 3e-4


@pytest.mark.parametrize("reset", ["before", "after"])
def test_switches(reset):
    """Four kinds of units with z = 0 or 1 exactly: (22) to rounding, both conventions."""
    point = sharp(10.0, a_h=4, b_r=0.4, beta=0.1, reset=reset)
    law = binary_update_gate(point)
    alpha = 1 - law.point_masses.weight[1]
    eta = law.mass / alpha
    y = np.array([0.5, 2.0, 0.5, 2.0])
    zeta = np.array([-800.0, -800.0, 800.0, 800.0])  # σ is 0 and 1 in floating point
    weights = [alpha * eta, alpha * (1 - eta), (1 - alpha) * eta, (1 - alpha) * (1 - eta)]
    xi = np.full(4, 0.4)
    inputs = {"zeta": zeta, "xi": xi, "y": y}
    if reset == "after":
        inputs = {"zeta": zeta, "xi": xi, "u": y * (1 + np.exp(-0.4)), "b": 0 * y}
    unit = point.model.unit(inputs, np.clip(y, -1, 1), weights)
    lam = np.array([0.3 + 0.4j, -0.5, 0.99 * law.radius, 1.01j * law.radius, 2.0])
    found = rg.resolvent(unit, lam)
    np.testing.assert_allclose(found.G, law.G(lam), rtol=1e-9)
    np.testing.assert_allclose(found.density, law.density(lam), rtol=1e-9)
    masses = rg.point_masses(unit)
    np.testing.assert_allclose(masses.weight, law.point_masses.weight, rtol=1e-12)
    assert law.mass + law.point_masses.weight.sum() == pytest.approx(1, rel=1e-14)


# -- refusals -----------------------------------------------------------------------------------
def test_refusals():
    with pytest.raises(ValueError, match=r"^v_z must be 0, got 0.5: without it h = 0 is no state"):
        zero_state(rg.GRU(a_h=1, v_z=0.5))
    with pytest.raises(ValueError, match=r"^b_u must be 0, got 1: "):
        zero_state(rg.GRU(a_h=1, b_u=1, reset="after"))
    with pytest.raises(TypeError, match=r"^zero_state needs a model such as rg.GRU"):
        zero_state(3)
    gated = rg.fixed_points(rg.GRU(a_h=3, a_z=1, a_r=1, activation="hardtanh"))[-1]
    with pytest.raises(ValueError, match=r"^a_z and v_z must be 0: with an update gate"):
        constant_gate(gated)
    vanilla = rg.fixed_points(rg.Vanilla(a_h=2))[-1]
    for function in (constant_gate, binary_update_gate):
        with pytest.raises(TypeError, match=r"is of a GRU's state, got one of Vanilla\(a_h=2\)$"):
            function(vanilla)
    with pytest.raises(ValueError, match=r"^a_r must be 0, got 1: \(22\) has one r$"):
        binary_update_gate(gated)
    with pytest.raises(ValueError, match=r"^activation must be 'hardtanh': "):
        binary_update_gate(rg.fixed_points(rg.GRU(a_h=3, a_z=1))[-1])
    with pytest.raises(ValueError, match=r"^a_z must be positive, at a non-zero state: "):
        binary_update_gate(rg.fixed_points(rg.GRU(a_h=3, a_z=1, activation="hardtanh"))[0])


def test_a_moving_state_is_refused(chaotic):
    with pytest.raises(ValueError, match=r"^point must be a fixed point: \(22\) is not the limit"):
        binary_update_gate(chaotic)


def test_an_unknown_architecture_is_refused(monkeypatch):
    monkeypatch.setattr("rmt_gates.spectra.limits.Vanilla", rg.LSTM)
    with pytest.raises(TypeError, match=r"^model must be a GRU, an LSTM or a Vanilla, got V"):
        zero_state(rg.Vanilla(a_h=1))
