"""One network: step, shapes, inputs, unit, eigenvalues, refusals."""

import pickle

import numpy as np
import pytest
import torch

from rmt_gates.architectures.gru import GRUResetBefore as GRU
from rmt_gates.networks import Network, sample_network

BIASED = {"b_h": 0.4, "b_z": -0.7, "b_r": 0.5, "v_h": 0.3, "v_z": 0.6, "v_r": 0.2}
MODEL = GRU(a_h=3, a_z=2, a_r=5, **BIASED)


def close(a, b, tolerance=1e-13):
    torch.testing.assert_close(a, b, rtol=0, atol=tolerance)


def test_step_is_equations_2_to_5():
    network = sample_network(MODEL, 30, rng=0)
    h, U, b = network.initial_state(1), network.weights, network.biases
    z = torch.sigmoid(U["z"] @ h + b["z"])
    r = torch.sigmoid(U["r"] @ h + b["r"])
    y = U["h"] @ (r * h) + b["h"]
    close(network.step(h), z * h + (1 - z) * torch.tanh(y))
    inputs = network.inputs(h)
    assert set(inputs) == {"zeta", "xi", "y"}
    close(torch.sigmoid(inputs["zeta"]), z)
    close(torch.sigmoid(inputs["xi"]), r)
    close(inputs["y"], y)


def test_hardtanh_and_absent_matrices():
    network = sample_network(GRU(a_h=4, activation="hardtanh"), 30, rng=0)
    h = network.initial_state(1)
    close(network.step(h), 0.5 * h + 0.5 * (network.weights["h"] @ h / 2).clip(-1, 1))


@pytest.mark.parametrize("lead", [(), (4,), (2, 3)])
def test_leading_axes_are_independent_states(lead):
    network = sample_network(MODEL, 10, rng=0)
    h = torch.rand(*lead, 10, dtype=torch.float64)
    after = network.step(h)
    assert after.shape == h.shape
    for index in np.ndindex(lead):
        close(after[index], network.step(h[index]))


@pytest.mark.parametrize("lead", [(), (4,), (2, 3)])
def test_a_batch_steps_each_network(lead):
    batch = sample_network(MODEL, 10, batch=3, rng=0)
    h = torch.rand(3, *lead, 10, dtype=torch.float64)
    after = batch.step(h)
    assert after.shape == h.shape
    for i in range(3):
        single = Network(
            MODEL,
            {k: U[i] for k, U in batch.weights.items()},
            {k: b[i] for k, b in batch.biases.items()},
        )
        close(after[i], single.step(h[i]))


def test_two_carried_variables(lstm):
    network = sample_network(lstm, 10, batch=2, rng=0)
    h = torch.rand(2, 3, 2, 10, dtype=torch.float64)
    after = network.step(h)
    c, out = h[1, 2]
    u = {k: network.weights[k][1] @ out + network.biases[k][1] for k in "hifo"}
    c = torch.sigmoid(u["f"]) * c + torch.sigmoid(u["i"]) * torch.tanh(u["h"])
    close(after[1, 2], torch.stack([c, torch.sigmoid(u["o"]) * torch.tanh(c)]))
    assert network.initial_state(0).shape == (2, 2, 10)
    assert len(network.unit(h)["c"]) == 60
    assert network.eigenvalues(h).shape == (2, 3, 20)
    with pytest.raises(ValueError, match=r"h must have shape \(2, …, 2, 10\), got \(2, 10\)"):
        network.step(h[:, 0, 0])


def test_arrays_and_lists_are_converted():
    network = sample_network(MODEL, 4, rng=0, dtype=torch.float32)
    array = np.linspace(-1, 1, 4)
    array.setflags(write=False)
    expected = network.step(torch.linspace(-1, 1, 4))
    assert expected.dtype == torch.float32
    close(network.step(array), expected, 1e-6)
    close(network.step(array.tolist()), expected, 1e-6)


def test_initial_state():
    single, batch = (sample_network(MODEL, 2000, batch=B, rng=0) for B in (None, 2))
    h = batch.initial_state(5, scale=0.5)
    assert torch.equal(h[0], single.initial_state(5, scale=0.5))
    assert not torch.equal(h[0], h[1])
    assert abs(h.std() - 0.5) < 0.5 * 5 / 8000**0.5
    assert not torch.equal(single.initial_state(6), single.initial_state(5))
    assert torch.equal(2 * single.initial_state(5, scale=0.5), single.initial_state(5))


def test_unit_is_the_network_as_a_sample():
    network = sample_network(MODEL, 10, batch=3, rng=0)
    h = torch.rand(3, 2, 10, dtype=torch.float64)
    unit = network.unit(h)
    assert len(unit) == 60
    np.testing.assert_allclose(unit.weights, 1 / 60)
    assert all(unit[k].dtype == np.float64 for k in ("h", "zeta", "xi", "y"))
    after = MODEL.step(unit.fields, unit["h"])
    np.testing.assert_allclose(after, network.step(h).numpy().ravel(), rtol=0, atol=1e-14)
    single = sample_network(MODEL, 10, rng=0, dtype=torch.float32)
    assert single.unit(h[0, 0])["y"].dtype == np.float64


def test_eigenvalues_are_those_of_the_jacobian():
    network = sample_network(MODEL, 12, batch=2, rng=0)
    h = torch.rand(2, 3, 12, dtype=torch.float64)
    found, J = network.eigenvalues(h), network.jacobian(h).numpy()
    assert found.dtype == np.complex128
    assert found.shape == (2, 3, 12)
    for index in np.ndindex(2, 3):
        expected = np.linalg.eigvals(J[index])
        distance = np.abs(found[index][:, None] - expected)
        assert max(distance.min(0).max(), distance.min(1).max()) < 1e-10


def test_eigenvalues_of_a_float32_network_are_computed_in_float64():
    network = sample_network(MODEL, 12, rng=0, dtype=torch.float32)
    h = network.initial_state(1)
    found = network.eigenvalues(h)
    assert found.dtype == np.complex128
    assert found.shape == (12,)
    trace = np.trace(network.jacobian(h).numpy().astype(float))
    assert abs(found.sum() - trace) < 1e-13 * 12


def test_to_keeps_weights_and_absent_matrices():
    network = sample_network(MODEL.replace(a_z=0), 10, batch=2, rng=0)
    single = network.to(dtype=torch.float32)
    assert single.dtype == torch.float32
    assert single.batch == 2
    assert torch.equal(single.weights["h"], network.weights["h"].float())
    assert single.weights["z"].untyped_storage().nbytes() == 4
    assert network.to().weights["h"] is network.weights["h"]


def test_pickled_networks_step_alike():
    network = sample_network(MODEL.replace(a_z=0), 10, rng=0)
    copy = pickle.loads(pickle.dumps(network))
    h = network.initial_state(1)
    assert torch.equal(copy.step(h), network.step(h))
    assert torch.equal(copy.jacobian(h), network.jacobian(h))
    assert copy.weights["z"] is copy._zeros


def test_attributes_and_repr():
    network = sample_network(GRU(a_h=3), 10, batch=2, rng=0, dtype=torch.float32)
    assert (network.N, network.batch, network.dtype) == (10, 2, torch.float32)
    assert network.device == torch.device("cpu")
    assert repr(network) == "Network(GRU(a_h=3), N=10, batch=2, cpu, float32)"
    assert sample_network(GRU(a_h=3), 10).batch is None


@pytest.mark.parametrize("batch, shape, expected", [
    (None, (9,), r"\(…, 10\), got \(9,\)"),
    (None, (), r"\(…, 10\), got \(\)"),
    (None, (10, 1), r"\(…, 10\), got \(10, 1\)"),
    (3, (10,), r"\(3, …, 10\), got \(10,\)"),
    (3, (2, 10), r"\(3, …, 10\), got \(2, 10\)"),
    (3, (3, 10, 9), r"\(3, …, 10\), got \(3, 10, 9\)"),
])  # fmt: skip
@pytest.mark.parametrize("method", ["step", "inputs", "jacobian", "eigenvalues", "unit"])
def test_refuses_states_of_another_shape(batch, shape, expected, method):
    network = sample_network(MODEL, 10, batch=batch, rng=0)
    with pytest.raises(ValueError, match="h must have shape " + expected):
        getattr(network, method)(torch.zeros(shape))
