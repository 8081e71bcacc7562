"""(38) corrected: exact on units that are switches, a limit at rest, and in networks."""

from itertools import islice

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.spectra.step_gates import StepGates, step_forget_gate
from rmt_gates.unit import Unit


def enclosed(law, center, radius):
    """The law's mass inside a circle: Gauss's law with its own G, by the trapezoidal rule."""
    z = radius * np.exp(2j * np.pi * (np.arange(2000) + 0.5) / 2000)
    return (z * law.G(center + z)).real.mean()


def log_rate(a_f, deviation):
    """Slopes of a_f · deviation in log a_f: constant if the deviation is (A + B log a_f)/a_f."""
    return np.diff(a_f * np.asarray(deviation)) / np.diff(np.log(a_f))


# -- switches -----------------------------------------------------------------------------------
LAWS = [
    {"A_0": 0.323, "A_1": 0.0775, "opened": 0.5, "a_h": 3.0},  # two lobes
    {"A_0": 0.2, "A_1": 0.15, "opened": 0.6, "a_h": 7.0},  # one piece
    {"A_0": 0.3, "A_1": 0.0, "opened": 0.5, "a_h": 3.0, "b_i": 0.4, "b_o": -0.3},
]


def switches(A_0, A_1, opened, a_h, **biases):
    """Active and saturated units, gates shut and open; σ(±800) is 0 and 1 in floating point."""
    y, c = np.array([0.5, 2.0, 0.5, 0.5]), np.array([0.7, 0.7, 0.2, 3.0])
    eta = np.array([-800.0, -800.0, 800.0, 800.0])
    model = rg.LSTM(a_h=a_h, a_f=1, activation="hardtanh", **biases)
    inputs = {"eta_f": eta, "eta_i": model.b_i + 0 * y, "eta_o": model.b_o + 0 * y, "y": y}
    weights = [A_0, 1 - opened - A_0, A_1, opened - A_1]
    return model.unit(inputs, (c, np.clip(c, -1, 1)), weights)


@pytest.mark.parametrize("parameters", LAWS, ids=str)
def test_switches(parameters):
    """G, density, radius and masses of the general machinery, to rounding."""
    unit = switches(**parameters)
    law = step_forget_gate(unit)
    assert [law.A_0, law.A_1, law.opened] == pytest.approx(
        [parameters[name] for name in ("A_0", "A_1", "opened")], rel=1e-14
    )
    x, y = np.meshgrid(np.linspace(-1.1, 1.9, 11), np.linspace(0.03, 1.2, 6))
    lam = (x + 1j * y).ravel()
    found = rg.resolvent(unit, lam)
    np.testing.assert_array_equal(found.inside, law.F(lam) > 0)
    assert 3 < found.inside.sum() < 60
    np.testing.assert_allclose(law.G(lam), found.G, rtol=1e-9)
    np.testing.assert_allclose(law.density(lam), found.density, rtol=1e-8)
    masses = rg.point_masses(unit)
    np.testing.assert_array_equal(masses.location, law.point_masses.location)
    np.testing.assert_allclose(masses.weight, law.point_masses.weight, rtol=1e-12)
    on_circle = max(law.spectral_radius, 1.0)
    assert law.spectral_radius == pytest.approx(max(rg.spectral_radius(unit), 1.0), rel=1e-9)
    assert not law.F(on_circle * (1 + 1e-9)) > 0


@pytest.mark.parametrize("parameters", LAWS, ids=str)
def test_the_defining_equation(parameters):
    law = step_forget_gate(switches(**parameters))
    lam = np.linspace(-0.9, 1.6, 41) + 0.05j
    F = law.F(lam)
    a, b = np.abs(lam) ** 2, np.abs(lam - 1) ** 2
    at_zero = law.R**2 * (law.A_0 / a + law.A_1 / b)
    np.testing.assert_array_equal(F > 0, at_zero > 1)
    left = law.A_0 / (a + law.R**2 * F) + law.A_1 / (b + law.R**2 * F)
    np.testing.assert_allclose(law.R**2 * left[F > 0], 1, rtol=1e-12)


def test_total_mass():
    """∬μ over the two lobes is the mass of the active units, (A₀ + A₁)/2."""
    law = StepGates(R=0.75, A_0=0.323, A_1=0.0775, opened=0.5)
    t, w = np.polynomial.legendre.leggauss(400)
    x, y = 0.5 + 1.0 * t, 0.3 + 0.3 * t  # a rectangle around the upper half of both
    density = law.density(x + 1j * y[:, None])
    assert 2 * 0.3 * w @ density @ w == pytest.approx(0.5 * (0.323 + 0.0775), rel=3e-3)
    assert enclosed(law, 1, 0.4) == pytest.approx(0.25, abs=1e-9)  # one lobe: P(f = 1)


# -- a fixed point ------------------------------------------------------------------------------
@pytest.mark.parametrize("b_f", [0.0, 0.004])
def test_sharp_gates_at_rest(b_f):
    """Near λ = 1 differences fall as 1/a_f; in the bulk, where gates with a_f f' > 1 count, as
    log a_f / a_f: on η_f there are O(log a_f) of them."""
    a_f = np.array([160.0, 640.0, 2560.0])
    models = [rg.LSTM(a_h=3, a_f=x, b_f=b_f * x, activation="hardtanh") for x in a_f]
    points = [rg.fixed_points(model)[-1] for model in models]
    laws = [step_forget_gate(point.unit) for point in points]
    deviation = {
        (center, radius): [
            rg.eigenvalue_fraction(p, center, radius) - enclosed(law, center, radius)
            for p, law in zip(points, laws, strict=True)
        ]
        for center, radius in ((1, 0.1), (0, 0.3), (0, 0.2))
    }
    at_one = np.array(deviation[1, 0.1]) * a_f
    assert np.ptp(at_one) < 0.12 * abs(at_one.mean()) and abs(at_one[0]) < 2
    for radius, slope in ((0.3, -0.9), (0.2, -0.37)):
        np.testing.assert_allclose(log_rate(a_f, deviation[0, radius]), slope, rtol=0.3)
    for point, law in zip(points, laws, strict=True):
        assert law.A_1 * point.model.a_f < 1.5  # at rest an open gate saturates its cell
        exact = step_forget_gate(point)
        assert abs(exact.opened - law.opened) < 1e-3 and abs(exact.A_0 - law.A_0) < 1e-3


# -- networks with step gates -------------------------------------------------------------------
def step_network(N, rng, a_h=3.0):
    """Weights of one network, and its steps: (U_f h, y, c, h), with c and h before the step."""
    U_f, U_h = rng.normal(size=(2, N, N)) / np.sqrt(N)

    def steps():
        h, c = 0.35 * rng.normal(size=N), np.zeros(N)
        while True:
            g, y = U_f @ h, a_h * (U_h @ h)
            yield g, y, c, h
            c = (g > 0) * c + 0.5 * np.clip(y, -1, 1)
            h = 0.5 * np.clip(c, -1, 1)

    return a_h * U_h, steps()


def units(g, y, c, h, a_f):
    """Units of these with forget gates σ(a_f g): the same sample, whatever a_f."""
    model = rg.LSTM(a_h=3, a_f=a_f, activation="hardtanh")
    return Unit(model, {"c": c, "h": h, "eta_f": a_f * g, "eta_i": 0 * g, "eta_o": 0 * g, "y": y})


@pytest.fixture(scope="module")
def network():
    """One network of 1000 units: weights of y, and every tenth step up to the 300th."""
    weights, steps = step_network(1000, np.random.default_rng(0))
    return weights, list(islice(steps, 100, 300, 10))


def test_eigenvalues_of_a_network(network):
    """As many at 1 and at 0 as (38) corrected says of its own units, one by one."""
    weights, snapshots = network
    g, y, c, h = snapshots[-1]
    N, after = len(g), (g > 0) * c + 0.5 * np.clip(y, -1, 1)
    # det(λ − J) = λᴺ det(λ − f̂ − î φ̂'(y) U_h m̂), m = o φ'(c⁺): the 2N × 2N Jacobian has N zeros
    J = np.diag(1.0 * (g > 0))
    J += (0.5 * (np.abs(y) < 1))[:, None] * weights * (0.5 * (np.abs(after) < 1))
    lam = np.linalg.eigvals(J)
    law = step_forget_gate(units(g, y, c, h, 1e4))
    at = [np.sum(np.abs(lam - p) < 1e-6) + N * (p == 0) for p in (0, 1)]
    np.testing.assert_allclose(2 * N * law.point_masses.weight, at, rtol=1e-12)
    assert at[1] < 0.9 * N * law.opened  # not all of those with f = 1, as (38) has it
    bulk = np.abs(lam) * np.abs(lam - 1) > 1e-6
    assert np.sum(np.abs(lam - 1)[bulk] < 0.4) == pytest.approx(N * law.A_1, abs=1)  # a lobe
    assert np.mean(law.F(lam[bulk]) == 0) < 0.06  # √(1/N) around the edge
    assert np.abs(lam).max() == pytest.approx(law.spectral_radius, abs=0.03)
    for center, radius in ((0, 0.3), (0, 0.2), (1, 0.15), (1, 0.1)):
        counted = (np.sum(np.abs(lam - center) < radius) + N * (center == 0)) / (2 * N)
        assert enclosed(law, center, radius) == pytest.approx(counted, abs=0.006)


def test_sharp_gates_in_motion(network):
    """Both lobes from the units of this network, with gates that are nearly switches.

    Differences fall as log a_f / a_f in both: here some units with open gates are active.
    """
    sample = [np.concatenate(values) for values in zip(*network[1], strict=True)]
    a_f = np.array([40.0, 160.0, 640.0])
    for center, radius in ((1, 0.1), (0, 0.2)):
        deviation = []
        for x in a_f:
            unit = units(*sample, x)
            law = enclosed(step_forget_gate(unit), center, radius)
            deviation.append(rg.eigenvalue_fraction(unit, center, radius) - law)
        scaled = a_f * np.array(deviation)
        assert np.all(scaled < 0) and scaled[2] < 1.4 * scaled[0]  # not as 1/a_f
        np.testing.assert_allclose(scaled / np.log(a_f), -0.28, atol=0.1)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_whole_jacobian(seed):
    """The 2N × 2N Jacobian of (31) at a_f = 10⁶: whole numbers of eigenvalues at 0 and 1."""
    network = rg.sample_network(rg.LSTM(a_h=3, a_f=1e6, activation="hardtanh"), 300, rng=seed)
    h = network.run(100, rng=seed).h
    lam, law = network.eigenvalues(h), step_forget_gate(network.unit(h))
    at = [np.sum(np.abs(lam - p) < 1e-6) for p in (0, 1)]
    np.testing.assert_allclose(600 * law.point_masses.weight, at, rtol=1e-12)
    assert np.abs(lam).max() == pytest.approx(law.spectral_radius, abs=0.06)


def test_the_steady_state_of_step_gates():
    """A₀ ≈ 0.322–0.325, A₁ ≈ 0.077–0.078 at a_h = 3: 0.4224(6) of the units at 1, not ½."""
    shares = []
    for rng in np.random.default_rng(1).spawn(5):
        _, steps = step_network(800, rng)
        for g, y, c, _ in islice(steps, 100, 900):
            active = (np.abs(y) < 1) & (np.abs((g > 0) * c + 0.5 * np.clip(y, -1, 1)) < 1)
            shares.append([np.mean(active & (g <= 0)), np.mean(active & (g > 0))])
    shut, opened = np.mean(shares, axis=0)
    assert shut == pytest.approx(0.3235, abs=0.004) and opened == pytest.approx(0.0776, abs=0.003)
    law = StepGates(R=0.75, A_0=float(shut), A_1=float(opened), opened=0.5)
    assert 2 * law.point_masses.weight[1] == pytest.approx(0.4224, abs=0.003)


@pytest.mark.slow
def test_a_sampled_steady_state():
    """The same from rg.steady_state at a_f = 40, near the limit within its noise and 1/a_f."""
    state = rg.steady_state(rg.LSTM(a_h=3, a_f=40, activation="hardtanh"), rng=0, rtol=0.1)
    law = step_forget_gate(state)
    assert state.kind == "chaotic" and law.opened == 0.5
    np.testing.assert_allclose([law.A_0, law.A_1], [0.3235, 0.0776], atol=0.02)


# -- refusals -----------------------------------------------------------------------------------
def test_refusals():
    with pytest.raises(TypeError, match=r"^step_forget_gate is of an LSTM's state, got one of GRU"):
        step_forget_gate(rg.fixed_points(rg.GRU(a_h=3))[-1])
    with pytest.raises(ValueError, match=r"^activation must be 'hardtanh': "):
        step_forget_gate(rg.fixed_points(rg.LSTM(a_h=3, a_f=3))[-1])
    with pytest.raises(ValueError, match=r"^a_o must be 0, got 2: \(38\) has one i and one o$"):
        step_forget_gate(rg.fixed_points(rg.LSTM(a_h=3, a_f=3, a_o=2, activation="hardtanh"))[-1])
    with pytest.raises(ValueError, match=r"^a_f must be positive, at a non-zero state: "):
        step_forget_gate(rg.fixed_points(rg.LSTM(a_h=3, activation="hardtanh"))[-1])


def test_the_radius_without_open_gates():
    """√A₀ R alone: nothing is kept, so nothing is at 1."""
    law = step_forget_gate(switches(A_0=0.2, A_1=0.0, opened=0.0, a_h=2.0))
    assert law.opened == 0
    assert law.spectral_radius == pytest.approx(law.R * np.sqrt(0.2), rel=1e-12)
    assert law.spectral_radius < 1
