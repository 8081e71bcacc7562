"""The dense Jacobian against autograd, eq. (11) and the determinant that defines it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from rmt_gates.architectures.base import Blocks
from rmt_gates.architectures.gru import GRUResetBefore as GRU
from rmt_gates.networks import sample_network
from rmt_gates.networks.jacobian import dense_jacobian

BIASED = {"b_h": 0.4, "b_z": -0.7, "b_r": 0.5, "v_h": 0.3, "v_z": 0.6, "v_r": 0.2}
MODEL = GRU(a_h=3, a_z=2, a_r=5, **BIASED)


def by_autograd(network, h):
    return torch.func.jacrev(network.step)(h)


def close(a, b, tolerance=1e-12):
    torch.testing.assert_close(a, b, rtol=0, atol=tolerance)


gain, bias, variance = st.floats(0, 5), st.floats(-2, 2), st.floats(0, 2)


@settings(max_examples=25)
@given(
    *(gain,) * 3,
    st.tuples(*(bias,) * 3),
    st.tuples(*(variance,) * 3),
    st.sampled_from(["tanh", "hardtanh"]),
    st.integers(0, 1000),
)
def test_equals_autograd(a_h, a_z, a_r, b, v, activation, seed):
    names = dict(zip(("b_h", "b_z", "b_r", "v_h", "v_z", "v_r"), b + v, strict=True))
    model = GRU(a_h=a_h, a_z=a_z, a_r=a_r, activation=activation, **names)
    network = sample_network(model, 20, rng=seed)
    h = network.initial_state(seed)
    close(network.jacobian(h), by_autograd(network, h))


@pytest.mark.parametrize("zero", [(), ("a_r",), ("a_z",), ("a_h",), ("a_h", "a_z", "a_r")])
def test_equals_autograd_where_matrices_are_absent(zero):
    network = sample_network(MODEL.replace(**dict.fromkeys(zero, 0)), 20, rng=0)
    h = network.initial_state(1)
    close(network.jacobian(h), by_autograd(network, h))


def test_equals_equation_11():
    network = sample_network(MODEL, 20, rng=0)
    h = network.initial_state(1)
    U, u = network.weights, network.inputs(h)
    z, r = torch.sigmoid(u["zeta"]), torch.sigmoid(u["xi"])
    dz, dr, phi, diag = z * (1 - z), r * (1 - r), torch.tanh(u["y"]), torch.diag
    expected = (
        diag(z)
        + diag((1 - z) * (1 - phi**2)) @ U["h"] @ (diag(r) + diag(h * dr) @ U["r"])
        + diag((h - phi) * dz) @ U["z"]
    )
    close(network.jacobian(h), expected)


def test_leading_axes_of_states_and_networks():
    single, batch = (sample_network(MODEL, 8, batch=B, rng=0) for B in (None, 3))
    states = torch.randn(3, 2, 4, 8, dtype=torch.float64, generator=torch.manual_seed(0))
    many, batched = single.jacobian(states), batch.jacobian(states)
    assert many.shape == batched.shape == (3, 2, 4, 8, 8)
    close(many[2, 1, 3], single.jacobian(states[2, 1, 3]))
    close(batched[0], single.jacobian(states[0]))
    close(batch.jacobian(states[:, 0, 0]), batched[:, 0, 0])
    assert (batched[1] - many[1]).abs().max() > 0.1


def test_eigenvalues_of_a_state_that_requires_grad():
    network = sample_network(MODEL, 10, rng=0)
    h = network.initial_state(1)
    assert np.array_equal(network.eigenvalues(h.clone().requires_grad_()), network.eigenvalues(h))


def test_float32_network_has_a_float32_jacobian():
    network = sample_network(MODEL, 20, rng=0, dtype=torch.float32)
    h = network.initial_state(1)
    J = network.jacobian(h)
    assert J.dtype == torch.float32
    close(J.double(), network.to(dtype=torch.float64).jacobian(h), 1e-5)


def test_two_carried_variables(lstm):
    network = sample_network(lstm, 10, batch=2, rng=0)
    h = network.initial_state(1)
    J = network.jacobian(h)
    assert J.shape == (2, 20, 20)
    full = by_autograd(network, h).reshape(2, 20, 2, 20)
    close(J[0], full[0, :, 0])
    close(J[1], full[1, :, 1])


@pytest.mark.parametrize("a_r, products", [(5, 1), (0, 0)])
def test_costs_one_matrix_product_and_no_solve(monkeypatch, a_r, products):
    N = 50
    network = sample_network(MODEL.replace(a_r=a_r), N, rng=0)
    h = network.initial_state(1)
    monkeypatch.delattr(torch.linalg, "solve")
    with FlopCounterMode(display=False) as counter:
        network.jacobian(h)
    assert round(counter.get_total_flops() / (2 * N**3)) == products  # matvecs: 0.06


def random_blocks(rng, n_b, n, N):
    def entry():
        kind = rng.integers(4)
        return torch.from_numpy(rng.normal(size=N)) if kind > 1 else int(kind)

    return [
        [[entry() for _ in range(c)] for _ in range(r)] for r, c in ((n_b, n_b), (n_b, n), (n, n_b))
    ]


def full(entries, N):
    """The matrix whose N×N blocks are diagonal."""
    dense = [[torch.diag(torch.as_tensor(x) * torch.ones(N)) for x in row] for row in entries]
    return torch.cat([torch.cat([x.double() for x in row], 1) for row in dense])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("carriers", [(0,), (0, 1), (1, 0), (0, 2), (0, 1, 2)])
def test_any_blocks_satisfy_the_determinant_equation(seed, carriers):
    """det(X(λ) − B̂ÛĈ) = det(−K_aa) det(λ − J): K_aa neither diagonal nor −1 here."""
    rng = np.random.default_rng(seed)
    N, n_b, n = 3, 3, 2
    X, B, C = random_blocks(rng, n_b, n, N)
    auxiliaries = [b for b in range(n_b) if b not in carriers]
    for b in auxiliaries:
        X[b][b] = torch.from_numpy(3 + rng.random(N))
    matrices = [torch.from_numpy(rng.normal(size=(N, N))) for _ in range(n)]
    J = dense_jacobian(Blocks(X, B, C), matrices, carriers, torch.zeros(N, dtype=torch.float64))
    X0, U = full(X, N), torch.block_diag(*matrices)
    K = full(B, N) @ U @ full(C, N) - X0
    order = [b * N + i for b in (*carriers, *auxiliaries) for i in range(N)]
    K = K[order][:, order]
    s = len(carriers) * N
    for lam in (0.3, -1.7):
        shift = torch.diag(torch.cat([torch.full((s,), lam), torch.zeros(len(order) - s)]).double())
        left = torch.linalg.det(shift - K)
        right = torch.linalg.det(-K[s:, s:]) * torch.linalg.det(lam * torch.eye(s) - J)
        torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-9)
