"""The LSTM as a network: its step, its rest and its Jacobian."""

import numpy as np
import pytest
import torch

import rmt_gates as rg

BIASED = {f"b_{k}": b for k, b in zip("hfio", (0.3, 0.8, -0.7, 0.2), strict=True)}
BIASED |= {f"v_{k}": v for k, v in zip("hfio", (0.1, 1.2, 0.5, 0.3), strict=True)}
GAINS = {"a_h": 2.5, "a_f": 3, "a_i": 2, "a_o": 1.5}


def by_autograd(network, state):
    N = network.N
    J = torch.func.jacrev(network.step)(state)
    return J.reshape(2 * N, 2 * N)


def test_inputs_of_a_network():
    """Every matrix meets h and not c, and every bias is added."""
    c, h = np.array([5.0, 6.0]), np.array([1.0, 2.0])
    gain, bias = {"f": 2, "i": 3, "o": 5, "h": 7}, {"f": 0.1, "i": 0.2, "o": 0.3, "h": 0.4}
    inputs = rg.LSTM(a_h=1).network_inputs((c, h), lambda k, v: gain[k] * v, bias, np)
    assert sorted(inputs) == ["eta_f", "eta_i", "eta_o", "y"]
    for k in "fioh":
        got = inputs["y" if k == "h" else f"eta_{k}"]
        np.testing.assert_array_equal(got, gain[k] * h + bias[k])


@pytest.mark.parametrize("activation", ["tanh", "hardtanh"])
@pytest.mark.parametrize("absent", [(), ("a_f",), ("a_i",), ("a_o",), ("a_h", "a_f")])
def test_jacobian_equals_autograd(absent, activation):
    gains = {**GAINS, **dict.fromkeys(absent, 0)}
    network = rg.sample_network(rg.LSTM(**gains, **BIASED, activation=activation), 20, rng=0)
    state = network.initial_state(1)
    torch.testing.assert_close(
        network.jacobian(state), by_autograd(network, state), rtol=0, atol=1e-12
    )


def test_jacobian_equals_equation_31():
    network = rg.sample_network(rg.LSTM(**GAINS, **BIASED), 20, rng=0)
    state = network.initial_state(1)
    c, U, u = state[0], network.weights, network.inputs(state)
    f, i, o = (torch.sigmoid(u[f"eta_{k}"]) for k in "fio")
    y, diag = torch.tanh(u["y"]), torch.diag
    after = f * c + i * y
    m = o * (1 - torch.tanh(after) ** 2)
    g = diag(f * (1 - f) * c) @ U["f"] + diag(i * (1 - y**2)) @ U["h"]
    g = g + diag(i * (1 - i) * y) @ U["i"]
    output = diag(o * (1 - o) * torch.tanh(after)) @ U["o"] + diag(m) @ g
    expected = torch.cat([torch.cat([diag(f), g], 1), torch.cat([diag(m * f), output], 1)])
    torch.testing.assert_close(network.jacobian(state), expected, rtol=0, atol=1e-13)


def test_a_network_at_rest_is_the_rest_of_its_units():
    """Where a network settles, (c, h) is what each unit's own constant inputs say."""
    network = rg.sample_network(rg.LSTM(a_h=1, a_f=1, b_h=0.5, v_h=0.2), 50, rng=0)
    state = network.run(400, rng=1).h
    unit = network.unit(state)
    for got, exact in zip(unit.model.rest(unit.inputs), unit.carry, strict=True):
        np.testing.assert_allclose(got, exact, rtol=1e-10, atol=1e-12)


def test_rest_of_a_gate_that_never_closes():
    """Finite numbers at any η_f: 1/(1−f) is cut short of overflow, and φ(c) is ±1 there."""
    inputs = {k: np.array([0.0, 0.0]) for k in ("eta_i", "eta_o")}
    inputs |= {"eta_f": np.array([800.0, -800.0]), "y": np.array([1.0, 1.0])}
    model = rg.LSTM(a_h=1)
    c, h = model.rest(inputs)
    assert np.all(np.isfinite(c)) and h[0] == 0.5
    assert c[1] == pytest.approx(0.5 * np.tanh(1.0), rel=1e-15)
    torch_inputs = {k: torch.from_numpy(v) for k, v in inputs.items()}
    np.testing.assert_allclose(model.rest(torch_inputs, torch)[0].numpy(), c, rtol=1e-12)
