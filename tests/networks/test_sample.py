"""Drawing: the law of the weights, independent streams, reproducibility, refusals."""

import numpy as np
import pytest
import torch

from rmt_gates.architectures.gru import GRUResetBefore as GRU
from rmt_gates.networks import sample_network

MODEL = GRU(a_h=3, a_z=1, a_r=10, b_h=0.2, b_z=-1, b_r=0.5, v_h=0.3, v_z=0.1, v_r=2)


def tensors(network):
    return [*network.weights.values(), *network.biases.values()]


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(tensors(one), tensors(other), strict=True))


def test_variance_and_mean_of_weights_and_biases():
    N, batch = 200, 25
    network = sample_network(MODEL, N, batch=batch, rng=1)
    for k in MODEL.matrices:
        scaled = network.weights[k] * N**0.5 / getattr(MODEL, f"a_{k}")
        count = scaled.numel()
        assert abs(scaled.mean()) < 5 / count**0.5
        assert abs(scaled.var() - 1) < 5 * (2 / count) ** 0.5
        assert abs((scaled**4).mean() - 3) < 5 * (96 / count) ** 0.5  # normal
        scaled = (network.biases[k] - getattr(MODEL, f"b_{k}")) / getattr(MODEL, f"v_{k}") ** 0.5
        count = scaled.numel()
        assert abs(scaled.mean()) < 5 / count**0.5
        assert abs(scaled.var() - 1) < 5 * (2 / count) ** 0.5


def test_matrices_biases_and_networks_are_independent():
    network = sample_network(MODEL, 100, batch=2, rng=0)
    streams = [U[i].flatten() for U in network.weights.values() for i in (0, 1)]
    correlation = torch.corrcoef(torch.stack(streams)).fill_diagonal_(0)
    assert correlation.abs().max() < 5 / 100
    firsts = torch.stack([b[i] for b in network.biases.values() for i in (0, 1)])
    assert torch.corrcoef(firsts).fill_diagonal_(0).abs().max() < 5 / 10


def test_a_bias_without_variance_is_its_mean():
    network = sample_network(GRU(a_h=1, b_z=-2), 5, rng=0)
    assert torch.equal(network.biases["z"], torch.full((5,), -2.0, dtype=torch.float64))


def test_same_seed_same_network():
    assert same(sample_network(MODEL, 10, rng=3), sample_network(MODEL, 10, rng=3))
    assert not same(sample_network(MODEL, 10, rng=3), sample_network(MODEL, 10, rng=4))


@pytest.mark.parametrize("kind", [np.random.SeedSequence, np.random.default_rng])
def test_seed_sequences_and_generators_are_seeds(kind):
    assert same(sample_network(MODEL, 10, rng=kind(3)), sample_network(MODEL, 10, rng=3))


def test_a_generator_gives_a_new_network_at_every_call_whatever_the_batch():
    one, other = np.random.default_rng(3), np.random.default_rng(3)
    first = sample_network(MODEL, 10, rng=one)
    sample_network(MODEL, 20, batch=7, rng=other)
    second = sample_network(MODEL, 10, rng=one)
    assert not same(first, second)
    assert same(second, sample_network(MODEL, 10, rng=other))


def test_network_i_does_not_depend_on_the_batch():
    small = sample_network(MODEL, 10, batch=2, rng=5)
    large = sample_network(MODEL, 10, batch=6, rng=5)
    single = sample_network(MODEL, 10, rng=5)
    for a, b, c in zip(tensors(small), tensors(large), tensors(single), strict=True):
        assert a.shape[0] == 2
        assert torch.equal(a, b[:2])
        assert torch.equal(a[0], c)
        assert not torch.equal(a[0], a[1])


def test_a_matrix_of_gain_zero_is_not_drawn_and_shifts_no_other():
    full, cut = sample_network(MODEL, 30, rng=0), sample_network(MODEL.replace(a_r=0), 30, rng=0)
    for k in ("h", "z"):
        assert torch.equal(full.weights[k], cut.weights[k])
    for k in ("h", "r", "z"):
        assert torch.equal(full.biases[k], cut.biases[k])
    zero = cut.weights["r"]
    assert torch.equal(zero, torch.zeros(30, 30, dtype=torch.float64))
    assert zero.untyped_storage().nbytes() == 8


def test_a_gain_only_scales_its_matrix():
    one, three = (sample_network(MODEL.replace(a_h=a), 10, rng=0) for a in (1, 3))
    torch.testing.assert_close(three.weights["h"], 3 * one.weights["h"], rtol=1e-14, atol=0)
    assert torch.equal(three.weights["z"], one.weights["z"])


def test_float32_is_the_rounded_float64_network():
    double = sample_network(MODEL, 10, batch=2, rng=0)
    single = sample_network(MODEL, 10, batch=2, rng=0, dtype=torch.float32)
    assert single.dtype == torch.float32
    for a, b in zip(tensors(double), tensors(single), strict=True):
        assert torch.equal(a.float(), b)


@pytest.mark.parametrize("N", [0, -1, 2.0, True, "10", None])
def test_refuses_a_bad_number_of_units(N):
    with pytest.raises(ValueError, match=r"N, the number of units, must be a positive integer"):
        sample_network(MODEL, N)


@pytest.mark.parametrize("batch", [0, 1.5, True])
def test_refuses_a_bad_batch(batch):
    with pytest.raises(
        ValueError, match=r"batch, the number of networks, must be a positive integer, got"
    ):
        sample_network(MODEL, 5, batch=batch)


@pytest.mark.parametrize("dtype", [torch.float16, torch.complex128, "float32", None])
def test_refuses_other_dtypes(dtype):
    with pytest.raises(ValueError, match=r"dtype must be torch\.float64 or torch\.float32, got"):
        sample_network(MODEL, 5, dtype=dtype)


@pytest.mark.parametrize("device", ["cuda:99", "abacus", "meta"])
def test_refuses_a_device_that_is_not_there(device):
    with pytest.raises(ValueError, match=rf"device '{device}' cannot hold a float64 network here"):
        sample_network(MODEL, 5, device=device)


def test_refuses_array_fields_and_what_is_no_model():
    with pytest.raises(ValueError, match=r"sample_network takes one model, but a_h is an array"):
        sample_network(GRU(a_h=[1, 2]), 5)
    with pytest.raises(TypeError, match=r"sample_network needs a model"):
        sample_network("gru", 5)
