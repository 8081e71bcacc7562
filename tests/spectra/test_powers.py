"""Powers of the Jacobian against closed forms, a contour integral, and matrices."""

import numpy as np
import pytest
import torch

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


def frobenius_powers(J, n):
    """(1/N) tr (Jᵏ)ᵀJᵏ for k = 0 … n of one matrix."""
    power, found = torch.eye(len(J), dtype=J.dtype), []
    for _ in range(n + 1):
        found.append(float((power**2).sum()) / len(J))
        power = power @ J
    return np.array(found)


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


# -- the printed forms ------------------------------------------------------------------------
def drawn_powers(unit, seeds, n):
    """Mean of (1/N) tr (Jᵏ)ᵀJᵏ over weights drawn afresh for these units, and the number N."""
    model, N = unit.model, len(unit)
    carry = tuple(map(torch.as_tensor, unit.carry)) if len(model.carried) > 1 else unit["h"]
    if not isinstance(carry, tuple):
        carry = torch.as_tensor(carry)
    inputs = {name: torch.as_tensor(value) for name, value in unit.inputs.items()}
    blocks = model.blocks(inputs, carry, 0, torch)
    like = torch.zeros(N, dtype=torch.float64)
    found = []
    for seed in range(seeds):
        weights = rg.sample_network(model, N, rng=1000 + seed, dtype=torch.float64).weights
        U = [weights[k] for k in model.matrices]
        found.append(frobenius_powers(dense_jacobian(blocks, U, model.carriers, like), n))
    return np.mean(found, axis=0)


def binary_unit(N, alpha, square):
    """Half-open units of a GRU at rest with gates 0 or 1 and ρ² given: r = ½, E[φ'²] = 1 at y = 0."""
    zeta = np.where(np.arange(N) < alpha * N, -800.0, 800.0)
    zero = np.zeros(N)
    model = rg.GRU(a_h=2 * np.sqrt(square))
    return model.unit({"zeta": zeta, "xi": zero, "y": zero}, zero)


def test_binary_gate_as_printed():
    """E4: (134) and (135) end their last term in ẑ. Matrices and the formula agree, (135) does not.

    The powers of N = 1000 matrices deviate by up to 1 % (four of them: 0.4 %).
    """
    alpha, square, n = 0.5, 1.3, np.arange(1, 6)
    right = binary_gate_powers(alpha, square**0.5, 5)[1:]
    printed = np.array([(1 - alpha) * sum((alpha * square) ** np.arange(k + 1)) for k in n])
    assert right == pytest.approx([1.150, 1.248, 1.311, 1.352, 1.379], abs=5e-4)
    assert printed == pytest.approx([0.825, 1.036, 1.174, 1.263, 1.321], abs=5e-4)
    unit = binary_unit(600, alpha, square)
    np.testing.assert_allclose(jacobian_powers(unit, 5)[1:], right, rtol=CLOSE)
    drawn = drawn_powers(unit, 8, 5)[1:]
    print(drawn / right - 1, printed / right - 1, drawn/printed-1)


def test_constant_gate_as_printed():
    """E3: the third parameter of ₂F₁ is 1, not −1, and ρ² has no further factor σ(b_r)."""
    z, rho, n = 0.4, 1.5, 6
    x = ((1 - z) * rho / z) ** 2
    right = constant_gate_powers(z, rho, n)
    gauss = [z ** (2 * k) * hyp2f1(-k, -k, 1, x) for k in range(n + 1)]
    np.testing.assert_allclose(right, gauss, rtol=CLOSE)
    assert right[1] == pytest.approx(z**2 * (1 + x)) and z**2 * hyp2f1(-1, -1, -1, x) < 0
    zero = np.zeros(500)
    model = rg.GRU(a_h=2 * rho, b_z=np.log(z / (1 - z)))
    unit = model.unit({"zeta": zero + model.b_z, "xi": zero, "y": zero}, zero)
    drawn, printed = drawn_powers(unit, 8, n), constant_gate_powers(z, rho * 0.5**0.5, n)
    print(drawn/right-1, printed/right-1)
