"""Powers of the Jacobian against closed forms, a contour integral, and matrices."""

import re

import numpy as np
import pytest
import torch
from scipy.special import hyp2f1, poch

import rmt_gates as rg
from rmt_gates.networks.jacobian import dense_jacobian
from rmt_gates.spectra.powers import (
    binary_gate_powers,
    constant_gate_powers,
    gate_powers,
    jacobian_powers,
)

CLOSE = 1e-12  # rounding at n = 50; measured: 2e-14


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.fixture(scope="module")
def at_rest():
    """A unit at rest, ζ independent of all else, and its ρ; ζ takes the values given."""

    def unit(reset, zeta, share):
        rng = np.random.default_rng(5)
        zeta, xi, y = (g.ravel() for g in np.meshgrid(zeta, *rng.normal(size=(2, 7))))
        w = np.meshgrid(share, *rng.uniform(0.2, 1, (2, 7)))
        w = np.prod([g.ravel() for g in w], axis=0)
        w /= w.sum()
        model = rg.GRU(a_h=2.5, a_r=3.0, a_z=4.0, reset=reset)
        r = sigmoid(xi)
        if reset == "before":
            inputs, h = {"zeta": zeta, "xi": xi, "y": y}, np.tanh(y)
            opened = w @ r**2 + model.a_r**2 * (w @ (r * (1 - r)) ** 2) * (w @ h**2)
            square = model.a_h**2 * (w @ np.cosh(y) ** -4.0) * opened
        else:
            inputs, h = {"zeta": zeta, "xi": xi, "u": y, "b": 0 * y}, np.tanh(r * y)
            opened = model.a_h**2 * r**2 + (model.a_r * y * r * (1 - r)) ** 2
            square = w @ (np.cosh(r * y) ** -4.0 * opened)
        return model.unit(inputs, h, w), np.sqrt(square)

    return unit


# -- closed forms -----------------------------------------------------------------------------
@pytest.mark.parametrize("reset", ["before", "after"])
@pytest.mark.parametrize("b_z", [-2.0, 0.0, 3.0])
def test_constant_gate(at_rest, reset, b_z):
    unit, rho = at_rest(reset, [b_z], [1.0])
    expected = constant_gate_powers(sigmoid(b_z), rho, 50)
    np.testing.assert_allclose(jacobian_powers(unit, 50), expected, rtol=CLOSE)


@pytest.mark.parametrize("reset", ["before", "after"])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.8, 1.0])
def test_binary_gate(at_rest, reset, alpha):
    unit, rho = at_rest(reset, [-800.0, 800.0], [alpha, 1 - alpha])
    expected = binary_gate_powers(alpha, rho, 50)
    np.testing.assert_allclose(jacobian_powers(unit, 50), expected, rtol=CLOSE)


@pytest.mark.parametrize("reset", ["before", "after"])
def test_general_gate(at_rest, reset):
    zeta, share = np.array([-3.0, -0.5, 0.4, 6.0]), np.array([0.1, 0.4, 0.2, 0.3])
    unit, rho = at_rest(reset, zeta, share)
    z = sigmoid(zeta)
    expected = gate_powers(z, rho**2 * (1 - z) ** 2, 50, share)
    np.testing.assert_allclose(jacobian_powers(unit, 50), expected, rtol=CLOSE)


def test_general_gate_in_motion(product_unit):
    """p = ρ²(1−z)² + a_z²z'²(h−φ)², h depending on z."""
    unit = product_unit()
    model, w, y, h = unit.model, unit.weights, unit["y"], unit["h"]
    z, r = sigmoid(unit["zeta"]), sigmoid(unit["xi"])
    opened = w @ r**2 + model.a_r**2 * (w @ (r * (1 - r)) ** 2) * (w @ h**2)
    square = model.a_h**2 * (w @ np.cosh(y) ** -4.0) * opened
    pull = model.a_z * z * (1 - z) * (h - np.tanh(y))
    expected = gate_powers(z, square * (1 - z) ** 2 + pull**2, 50, w)
    np.testing.assert_allclose(jacobian_powers(unit, 50), expected, rtol=CLOSE)
    assert jacobian_powers(unit, 2)[2] > 1.05 * gate_powers(z, square * (1 - z) ** 2, 2, w)[2]


def test_vanilla_is_geometric():
    """J = φ̂'U."""
    point = rg.fixed_points(rg.Vanilla(a_h=2, b_h=0.3))[-1]
    slope = point.unit.expect(lambda u: np.cosh(u["y"]) ** -4.0)
    np.testing.assert_allclose(jacobian_powers(point, 50), (4 * slope) ** np.arange(51), rtol=CLOSE)


def test_no_weights():
    """a_h = 0: J = ẑ."""
    zeta = np.array([-1.0, 2.0])
    unit = rg.GRU(a_h=0).unit({"zeta": zeta, "xi": zeta, "y": zeta}, 0 * zeta)
    expected = np.mean(sigmoid(zeta) ** (2 * np.arange(9)[:, None]), axis=1)
    np.testing.assert_allclose(jacobian_powers(unit, 8), expected, rtol=CLOSE)


def test_lstm_at_zero():
    """J = (1, o)ᵀ(f, iU): μ_n = (1+o²)(f²+i²a²)/2 times μ_{n−1} of f + oiU, a constant gate's."""
    model = rg.LSTM(a_h=3.0, b_f=1.0, b_i=0.5, b_o=-0.4, a_f=2, a_i=1, a_o=3)
    f, i, o = sigmoid(1.0), sigmoid(0.5), sigmoid(-0.4)
    inner = constant_gate_powers(f, 3 * o * i / (1 - f), 49)
    expected = [1, *(0.5 * (1 + o**2) * (f**2 + 9 * i**2) * inner)]
    point = rg.fixed_points(model)[0]
    np.testing.assert_allclose(jacobian_powers(point, 50), expected, rtol=CLOSE)


# -- the generating function ------------------------------------------------------------------
def contour_powers(unit, n, R, points):
    """μ_n as coefficients of E tr[L X_λ⁻¹ L X_μ⁻† L] + αᵀ(1−K)⁻¹β on |λ| = |μ| = R."""
    model, w = unit.model, unit.weights
    theta = 2 * np.pi * np.arange(points) / points
    parts = model.blocks(unit.inputs, unit.carry, R * np.exp(1j * theta)[:, None])
    shape = (points, len(unit))
    X, B, C = (
        np.moveaxis([[np.broadcast_to(v, shape) for v in row] for row in part], (0, 1), (2, 3))
        for part in parts
    )
    active = np.flatnonzero(model.gains() > 0)
    B, C, square = B[..., active], C[:, :, active], model.gains()[active] ** 2
    inverse, L = np.linalg.inv(X), list(model.carriers)
    ahead, back = (inverse @ B)[:, :, L], (C @ inverse)[..., L]
    Y, inside = C @ inverse @ B, inverse[:, :, L][..., L]

    def average(left, right, kept):
        return np.einsum(f"u,xu{left},yu{left}->xy{kept}", w, right, right.conj(), optimize=True)

    K = square[:, None] * average("kl", Y, "kl")
    beta, alpha = square * average("kc", back, "k"), average("ck", ahead, "k")
    through = np.linalg.solve(np.eye(len(active)) - K, beta[..., None])[..., 0]
    gamma = average("cd", inside, "") + np.sum(alpha * through, axis=-1)
    turn = np.exp(1j * (theta[:, None] - theta) * np.arange(1, n + 2)[:, None, None])
    return (gamma * turn).mean(axis=(1, 2)).real * R ** (2 * np.arange(1, n + 2)) / len(L)


def test_contour_integral(random_unit, three_stages):
    """Every average a joint one; points doubled, the contour integral changes by its rounding."""

    def network_unit(model):
        network = rg.sample_network(model, 20, rng=0)
        return network.unit(network.run(30, rng=0).h)

    cases = {
        "before": (random_unit(a_h=5.0), 4.0),
        "after": (network_unit(rg.GRU(a_h=3, a_z=2, a_r=4, b_u=0.3, reset="after")), 3.0),
        "lstm": (network_unit(rg.LSTM(a_h=4, a_f=2, a_i=1, a_o=3, b_h=0.3)), 3.0),
        "lstm without o": (network_unit(rg.LSTM(a_h=4, a_f=2, a_i=1, b_h=0.3)), 3.0),
        "three stages": (three_stages(), 15.0),
    }
    for name, (unit, R) in cases.items():
        exact = jacobian_powers(unit, 6)
        assert exact[0] == pytest.approx(1, abs=1e-15) and exact.shape == (7,)
        found, doubled = contour_powers(unit, 6, R, 48), contour_powers(unit, 6, R, 96)
        np.testing.assert_allclose(doubled, found, rtol=5e-10, err_msg=name)
        np.testing.assert_allclose(exact, doubled, rtol=5e-10, err_msg=name)


# -- matrices ---------------------------------------------------------------------------------
def frobenius_powers(J, n):
    """(1/N) tr (Jᵏ)ᵀJᵏ for k = 0 … n of one matrix."""
    power, found = J, [1.0]
    for k in range(n):
        found.append(float((power**2).sum()) / len(J))
        power = power @ J if k < n - 1 else power
    return np.array(found)


def drawn_powers(unit, seeds, n):
    """The same, the mean over weights drawn afresh for these units."""
    model, like = unit.model, torch.zeros(len(unit), dtype=torch.float64)
    tensor = {name: torch.as_tensor(value) for name, value in unit.fields.items()}
    carry = tuple(tensor[name] for name in model.carried)
    blocks = model.blocks(tensor, carry if len(carry) > 1 else carry[0], 0, torch)
    found = []
    for seed in range(seeds):
        weights = rg.sample_network(model, len(unit), rng=1000 + seed).weights
        U = [weights[k] for k in model.matrices]
        found.append(frobenius_powers(dense_jacobian(blocks, U, model.carriers, like), n))
    return np.mean(found, axis=0)


CHAOTIC = {
    "before": rg.GRU(a_h=3, a_z=1, a_r=10),
    "before, sharp": rg.GRU(a_h=3, a_z=10, a_r=10),
    "after": rg.GRU(a_h=3, a_z=2, a_r=4, reset="after"),
    "lstm": rg.LSTM(a_h=4, a_f=2, a_i=1, a_o=3, b_h=0.3),
}
POWERS = np.arange(1, 7)


@pytest.mark.parametrize("name", CHAOTIC)
def test_fresh_weights(name):
    """The units of a network, weights independent of them: what the formula states.

    Measured over 16 to 64 draws at N = 100 … 400: relative deviations within ±0.8 n²/N.
    """
    network = rg.sample_network(CHAOTIC[name], 300, rng=0)
    unit = network.unit(network.run(60, rng=0).h)
    deviation = drawn_powers(unit, 24, 6) / jacobian_powers(unit, 6) - 1
    assert np.all(np.abs(deviation[1:]) < 1.2 * POWERS**2 / len(unit))


@pytest.mark.parametrize("name", CHAOTIC)
def test_networks_in_their_state(name):
    """The Jacobian of a network where it has run, whose state knows the weights: O(1/N) as well.

    Measured with reset before at N = 300 (48 networks): −2.5(4), −7.7(11), −11.7(20), −15(3),
    −18(5), −21(7) over N for n = 1 … 6, at N = 1200 0(1), 3(3), 7(5), 11(9), 15(14), 19(20).
    """
    N, deviation = 300, []
    for seed in range(24):
        network = rg.sample_network(CHAOTIC[name], N, rng=seed)
        h = network.run(100, rng=seed).h
        found = frobenius_powers(network.jacobian(h), 6)
        deviation.append(found / jacobian_powers(network.unit(h), 6) - 1)
    deviation = np.mean(deviation, axis=0)
    assert np.all(np.abs(deviation[1:]) < POWERS * (POWERS + 5) / N)


# -- the printed forms ------------------------------------------------------------------------
def binary_unit(N, alpha, square):
    """Units of a GRU at rest with gates 0 or 1 and ρ² given, all with y = 0 and r = ½."""
    zeta = np.where(np.arange(N) < alpha * N, -800.0, 800.0)
    zero = np.zeros(N)
    model = rg.GRU(a_h=2 * np.sqrt(square))
    return model.unit({"zeta": zeta, "xi": zero, "y": zero}, zero)


def test_binary_gate_as_printed():
    """E4: (134)–(135) let the last term end in ẑ. The formula agrees with matrices, (135) does not.

    Eight draws at N = 600 deviate by 5e-5 … 2.5e-3, (135) by −28 … −4 %.
    """
    alpha, square, n = 0.5, 1.3, np.arange(1, 6)
    right = binary_gate_powers(alpha, square**0.5, 5)[1:]
    printed = np.array([(1 - alpha) * sum((alpha * square) ** np.arange(k + 1)) for k in n])
    assert right == pytest.approx([1.150, 1.248, 1.311, 1.352, 1.379], abs=5e-4)
    assert printed == pytest.approx([0.825, 1.036, 1.174, 1.263, 1.321], abs=5e-4)
    unit = binary_unit(600, alpha, square)
    np.testing.assert_allclose(jacobian_powers(unit, 5)[1:], right, rtol=CLOSE)
    drawn = drawn_powers(unit, 8, 5)[1:]
    np.testing.assert_allclose(drawn, right, rtol=5e-3)
    assert np.all(printed < 0.97 * drawn)


def test_binary_gate_limit():
    """(137) holds all the same."""
    far = binary_gate_powers(0.4, 1.5, 400)
    assert far[-1] == pytest.approx(0.6 / (1 - 0.4 * 1.5**2), rel=CLOSE)
    assert abs(far[40] / far[-1] - 1) > 1e-3


def test_constant_gate_as_printed():
    """E3: the third parameter of ₂F₁ is 1, not −1, and ρ² has no further factor σ(b_r)."""
    z, rho, n = 0.4, 1.5, 6
    x = ((1 - z) * rho / z) ** 2
    right = constant_gate_powers(z, rho, n)
    gauss = [z ** (2 * k) * hyp2f1(-k, -k, 1, x) for k in range(n + 1)]
    np.testing.assert_allclose(right, gauss, rtol=CLOSE)
    assert 1 + poch(-1, 1) ** 2 / poch(-1, 1) * x < 0  # with −1: a negative mean square at n = 1,
    assert poch(-1, 2) == 0  # and a division by 0 beyond
    zero = np.zeros(500)
    model = rg.GRU(a_h=2 * rho, b_z=np.log(z / (1 - z)))
    unit = model.unit({"zeta": zero + model.b_z, "xi": zero, "y": zero}, zero)
    drawn, printed = drawn_powers(unit, 8, n), constant_gate_powers(z, rho * 0.5**0.5, n)
    np.testing.assert_allclose(drawn, right, rtol=5e-3)
    assert np.all(printed[1:] < 0.7 * drawn[1:])


# -- states -----------------------------------------------------------------------------------
def test_reference_fixed_point():
    """μ_1 … μ_6 at (3, 4, 2); the sample of a fixed point is off by 2e-5 there, by 2e-4 at n = 50.

    At (3, 20, 10), where ρ = 1.68 and the gate is sharp, by 2e-4 and 2.5e-3.
    """
    point = rg.fixed_points(rg.GRU(a_h=3, a_z=4, a_r=2))[-1]
    x = np.linspace(-8.5, 8.5, 2001)
    z = sigmoid(4 * np.sqrt(point.C_h) * x)
    exact = gate_powers(z, point.rho**2 * (1 - z) ** 2, 50, np.exp(-(x**2) / 2))
    assert exact[1:7] == pytest.approx([0.9224, 0.9040, 0.9274, 0.9758, 1.0406, 1.1177], abs=5e-5)
    found = jacobian_powers(point, 50)
    np.testing.assert_allclose(found[:7], exact[:7], rtol=4e-5)
    np.testing.assert_allclose(found, exact, rtol=5e-4)


def test_growth_is_that_of_the_spectral_radius(chaotic):
    """(μ_n/μ_{n−1})^{1/2} → radius (1 − 1/4n), a saddle point of the integral over two circles."""
    found = jacobian_powers(chaotic, 60)
    growth = np.sqrt(found[1:] / found[:-1]) * (1 + 1 / (4 * (np.arange(60) + 0.5)))
    assert growth[-1] == pytest.approx(rg.spectral_radius(chaotic.unit), rel=5e-5)


def test_sample_of_a_chaotic_state(chaotic):
    """Its 10⁴ units against p = (1−z)²q from E[(h−φ)²|ζ]: 1.4 % off at n = 1, 6.5 % at n = 6."""
    (gate, *others), x = chaotic.model.pole_terms(chaotic.C_h0, chaotic.moment), np.linspace(-8, 8)
    assert all((term.mean, term.variance) == (gate.mean, gate.variance) for term in others)
    zeta = gate.mean + np.sqrt(gate.variance) * x
    p = (1 - sigmoid(zeta)) ** 2 * sum(np.real(term.q(zeta)) for term in (gate, *others))
    exact = gate_powers(sigmoid(zeta), p, 6, np.exp(-(x**2) / 2))
    deviation = jacobian_powers(chaotic, 6)[1:] / exact[1:] - 1
    assert np.all(np.abs(deviation) < 0.02 * POWERS)


# -- refusals ---------------------------------------------------------------------------------
@pytest.mark.parametrize("n", [-1, 2.0, 1.5, True, np.True_, "3", None, [2]])
def test_bad_powers(at_rest, n):
    unit, _ = at_rest("before", [0.0], [1.0])
    message = f"n, the highest power, must be an integer of at least 0, got {n!r}"
    for call in (
        lambda: jacobian_powers(unit, n),
        lambda: gate_powers(0.5, 1, n),
        lambda: constant_gate_powers(0.5, 1, n),
        lambda: binary_gate_powers(0.5, 1, n),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            call()


def test_smallest_powers(at_rest):
    unit, _ = at_rest("before", [0.0], [1.0])
    for n in (0, np.int64(0)):
        assert jacobian_powers(unit, n) == pytest.approx([1], abs=1e-15)
        for found in (gate_powers(0.5, 1, n), constant_gate_powers(0.5, 1, n)):
            assert found.tolist() == [1]
        assert binary_gate_powers(0.5, 1, n).tolist() == [1]


def test_bad_states():
    with pytest.raises(TypeError, match=r"^state must be a FixedPoint or SteadyState"):
        jacobian_powers(rg.GRU(a_h=3), 2)
    with pytest.raises(TypeError, match=r"^state must be a FixedPoint or SteadyState"):
        jacobian_powers(np.eye(3), 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: constant_gate_powers(1.5, 1, 2), "z must be between 0 and 1"),
        (lambda: constant_gate_powers(0.5, -1, 2), "rho must be finite and at least 0"),
        (lambda: binary_gate_powers(-0.1, 1, 2), "alpha must be between 0 and 1"),
        (lambda: binary_gate_powers(0.1, np.nan, 2), "rho must be finite and at least 0"),
        (lambda: gate_powers([0.5, 2], 1, 2), "z must be between 0 and 1"),
        (lambda: gate_powers(0.5, [1, -1], 2), "p must be finite and at least 0"),
        (lambda: gate_powers([], [], 2), "z must be between 0 and 1"),
        (lambda: gate_powers([0.2, 0.3], [1, 2, 3], 2), "z and p must have one shape, got .*"),
        (lambda: gate_powers("a", 1, 2), "z must be a number or an array of real numbers, .*"),
        (lambda: constant_gate_powers([0.2, 0.3], 1, 2), r"z must be one number, got \[0.2, 0.3\]"),
    ],
)
def test_bad_laws(call, message):
    with pytest.raises((ValueError, TypeError), match=f"^{message}$"):
        call()
