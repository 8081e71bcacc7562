"""The GRU, reset after the matrix: its step, inputs, Jacobian, and its limit of a constant gate."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rmt_gates as rg
from rmt_gates.gaussian import sigmoid
from rmt_gates.gaussian.conditional_moment import ConditionalMoment
from rmt_gates.networks import sample_network
from rmt_gates.spectra.criterion import criterion_matrix, perron_root

BIASED = {
    "a_h": 2.5,
    "a_z": 1.7,
    "a_r": 4.0,
    "b_h": 0.3,
    "b_z": -0.6,
    "b_r": 0.5,
    "b_u": -0.7,
    "v_h": 0.1,
    "v_z": 0.4,
    "v_r": 0.2,
    "v_u": 0.3,
}


def after(**parameters):
    return rg.GRU(reset="after", **parameters)


def draw(n, seed=0):
    rng = np.random.default_rng(seed)
    inputs = dict(zip(("zeta", "xi", "u", "b"), rng.normal(scale=2, size=(4, n)), strict=True))
    return inputs, rng.uniform(-1, 1, n)


# -- the process --------------------------------------------------------------------------------
def test_step():
    inputs, h = draw(50)
    z, r = sigmoid(inputs["zeta"]), sigmoid(inputs["xi"])
    y = r * inputs["u"] + inputs["b"]
    exact = z * h + (1 - z) * np.tanh(y)
    np.testing.assert_allclose(after(a_h=1).step(inputs, h), exact, rtol=0, atol=1e-15)
    hard = after(a_h=1, activation="hardtanh")
    exact = z * h + (1 - z) * np.clip(y, -1, 1)
    np.testing.assert_allclose(hard.step(inputs, h), exact, rtol=0, atol=1e-15)


def test_a_unit_at_rest_does_not_move():
    inputs, _ = draw(20)
    model = after(a_h=1)
    rest = model.rest(inputs)
    np.testing.assert_array_equal(model.step(inputs, rest), rest)


def test_inputs_of_a_network():
    rng = np.random.default_rng(1)
    U = {k: rng.normal(size=(7, 7)) for k in "hrz"}
    bias = {k: rng.normal(size=7) for k in "hrzu"}
    h = rng.uniform(-1, 1, 7)
    got = after(a_h=1).network_inputs(h, lambda k, v: U[k] @ v, bias, np)
    exact = {
        "zeta": U["z"] @ h + bias["z"],
        "xi": U["r"] @ h + bias["r"],
        "u": U["h"] @ h + bias["u"],
        "b": bias["h"],
    }
    assert sorted(got) == sorted(exact)
    for name, value in exact.items():
        np.testing.assert_allclose(got[name], value, rtol=1e-14)


def test_input_kernels():
    C = np.array([0.4, 0.3, -0.1, 0.0])
    kernels = after(**BIASED).input_kernels(C)
    assert list(kernels) == ["zeta", "xi", "u", "b"]
    for name, k, gain in (("zeta", "z", 1.7), ("xi", "r", 4.0), ("u", "u", 2.5), ("b", "h", 0.0)):
        assert kernels[name].mean == BIASED[f"b_{k}"]
        exact = gain**2 * C + BIASED[f"v_{k}"]
        np.testing.assert_allclose(kernels[name].covariance, exact, rtol=1e-14)


def test_zero_bias():
    assert after(a_h=1, b_z=1, v_z=1, b_r=1, v_r=1).zero_bias is True
    for name in ("b_h", "v_h", "b_u", "v_u"):
        assert after(a_h=1, **{name: 0.1}).zero_bias is False
    arrays = after(a_h=1, b_u=[0.0, 0.1, 0.0], v_h=[0.0, 0.0, 0.2])
    assert arrays.zero_bias.tolist() == [True, False, False]


# -- real networks ------------------------------------------------------------------------------
gain, bias, variance = st.floats(0, 5), st.floats(-2, 2), st.floats(0, 2)


@settings(max_examples=25)
@given(
    *(gain,) * 3,
    st.tuples(*(bias,) * 4),
    st.tuples(*(variance,) * 4),
    st.sampled_from(["tanh", "hardtanh"]),
    st.integers(0, 1000),
)
def test_jacobian_equals_autograd(a_h, a_z, a_r, b, v, activation, seed):
    names = [f"{letter}_{k}" for letter in "bv" for k in "hzru"]
    biases = dict(zip(names, b + v, strict=True))
    model = after(a_h=a_h, a_z=a_z, a_r=a_r, activation=activation, **biases)
    network = sample_network(model, 20, rng=seed)
    h = network.initial_state(seed)
    exact = torch.func.jacrev(network.step)(h)
    torch.testing.assert_close(network.jacobian(h), exact, rtol=0, atol=1e-12)


def test_step_of_a_torch_gru():
    """torch.nn.GRU without an input: b_u = b_hn, b_h = b_in."""
    N = 12
    network = sample_network(after(**BIASED), N, rng=3, dtype=torch.float64)
    cell = torch.nn.GRUCell(1, N, dtype=torch.float64)
    U, drawn = network.weights, network.biases
    with torch.no_grad():
        cell.weight_hh.copy_(torch.cat([U["r"], U["z"], U["h"]]))
        cell.weight_ih.zero_()
        zero = torch.zeros(N, dtype=torch.float64)
        cell.bias_hh.copy_(torch.cat([drawn["r"], drawn["z"], drawn["u"]]))
        cell.bias_ih.copy_(torch.cat([zero, zero, drawn["h"]]))
        h = network.initial_state(4)
        exact = cell(torch.zeros(1, 1, dtype=torch.float64), h[None])[0]
    torch.testing.assert_close(network.step(h), exact, rtol=0, atol=1e-14)


# -- where the reset gate is a constant, the two conventions are one ------------------------------
CONSTANT = {**BIASED, "a_r": 0.0, "v_r": 0.0}
R = sigmoid(0.5)
BEFORE = {k: CONSTANT[k] for k in ("a_h", "a_z", "b_z", "b_r", "v_z")}
BEFORE |= {"b_h": 0.3 - 0.7 * R, "v_h": 0.1 + 0.3 * R**2}


@pytest.mark.parametrize("activation", ["tanh", "hardtanh"])
def test_a_constant_reset_gate_is_reset_before(activation):
    one = after(**CONSTANT, activation=activation)
    other = rg.GRU(**BEFORE, activation=activation)
    C = np.array([0.05, 0.6])
    np.testing.assert_allclose(one.fixed_point_map(C), other.fixed_point_map(C), rtol=1e-12)
    np.testing.assert_allclose(one.rho(C), other.rho(C), rtol=1e-12)
    points, same = rg.fixed_points(one), rg.fixed_points(other)
    np.testing.assert_allclose(points.C_h, same.C_h, rtol=1e-12)
    np.testing.assert_allclose(points.spectral_radius, same.spectral_radius, rtol=1e-10)
    shared = ("C_h(0)", "E[φ'²]", "E[(h−φ)²]")
    got, exact = one.averages(0.3), other.averages(0.3)
    np.testing.assert_allclose([got[n] for n in shared], [exact[n] for n in shared], rtol=1e-12)
    assert got["C_r(0)"] == pytest.approx(R**2, rel=1e-14)


def test_the_chaotic_state_of_a_constant_reset_gate_is_reset_before():
    parameters = {"a_h": 3.5, "b_h": 0.2, "b_r": 0.5, "v_h": 0.1}
    one = rg.steady_state(after(**parameters))
    other = rg.steady_state(rg.GRU(**parameters))
    assert one.kind == other.kind == "chaotic" and one.lags == other.lags
    np.testing.assert_allclose(one.C_h, other.C_h, rtol=0, atol=1e-11)


# -- the spectrum -------------------------------------------------------------------------------
@pytest.mark.parametrize("activation", ["tanh", "hardtanh"])
def test_poles_of_a_sample_are_the_criterions(activation):
    """Entry by entry, |Ĉ X⁻¹ B̂|² of the blocks."""
    model = after(**BIASED, activation=activation)
    inputs, h = draw(40, seed=2)
    unit = model.unit(inputs, h, np.random.default_rng(3).uniform(size=40))
    (poles,) = model.criterion_poles(unit)
    np.testing.assert_allclose(poles.pole, sigmoid(inputs["zeta"]), rtol=1e-14)
    np.testing.assert_allclose(poles.complement, 1 - poles.pole, rtol=1e-13)
    for lam in (1.3 + 0.2j, -0.4, 0.5 + 0.01j):
        M = np.zeros((3, 3))
        for (k, l), entry in poles.entries.items():
            M[k, l] = unit.weights @ (entry / abs(lam - poles.pole) ** 2)
        exact = criterion_matrix(unit, lam) / model.gains()[:, None] ** 2
        np.testing.assert_allclose(M, exact, rtol=1e-12)


def test_rho_is_the_criterion_at_one():
    """ρ² = S(1)+1: the Perron root at λ = 1 of a large sample at the fixed point."""
    point = rg.fixed_points(after(**{**BIASED, "a_z": 0.5, "v_z": 0.1}))[0]
    root = perron_root(point.unit, 1.0).root
    assert np.sqrt(root) == pytest.approx(point.rho, rel=0.01)


# -- what is compared ---------------------------------------------------------------------------
NAMES = ["C_h(0)", "E[φ'²]", "C_r(0)", "E[(h−φ)²]"]


def test_averages_of_a_state():
    model = after(**BIASED)
    got = model.averages(0.4, ConditionalMoment(-0.2, 1.9, np.array([0.2, -0.05])))
    assert list(got) == NAMES and got["C_h(0)"] == 0.4 and got["E[(h−φ)²]"] == 0.2
    assert model.averages(0.4)["E[(h−φ)²]"] == 0
    x = np.linspace(-9, 9, 4001)
    w = np.exp(-0.5 * x * x)
    r = sigmoid(0.5 + np.sqrt(16 * 0.4 + 0.2) * x)
    assert got["C_r(0)"] == pytest.approx(r**2 @ w / w.sum(), rel=1e-11)


def test_averages_of_a_sample():
    model = after(**BIASED)
    inputs, h = draw(30, seed=4)
    w = np.random.default_rng(5).uniform(size=30)
    unit = model.unit(inputs, h, w)
    w = w / w.sum()
    r = sigmoid(inputs["xi"])
    y = r * inputs["u"] + inputs["b"]
    exact = [w @ h**2, w @ np.cosh(y) ** -4.0, w @ r**2, w @ (h - np.tanh(y)) ** 2]
    assert list(unit.averages()) == NAMES
    np.testing.assert_allclose(list(unit.averages().values()), exact, rtol=1e-13)


def test_averages_of_a_fixed_points_sample():
    """The Sobol sample of `point.unit` and quadrature: two routes to the same numbers."""
    point = rg.fixed_points(after(**BIASED))[-1]
    theory = [value for value, _ in point.averages.values()]
    sample = list(point.unit.averages().values())
    np.testing.assert_allclose(sample, theory, rtol=5e-3, atol=1e-15)
