"""The exact steady state of a constant update gate."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.gaussian import TANH, expect_pair, phi
from rmt_gates.mean_field import constant_gate, shooting
from rmt_gates.mean_field.constant_gate import constant_gate_kernel, leaky_filter
from rmt_gates.results import Status


@pytest.mark.parametrize("s", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("static", [0.0, 0.3])
def test_leaky_filter_is_the_double_sum(s, static):
    K, n = 300, 700
    C_phi = static + np.append([0.4, 0.3, -0.1, 0.05], np.zeros(K - 3))
    full = np.full(n + K, static)
    full[: K + 1] = C_phi
    w = (1 - s) * s ** np.arange(n)
    for k in (0, 1, 2, 7):
        lags = np.abs(np.arange(n)[:, None] + k - np.arange(n))
        exact = w @ full[lags] @ w
        np.testing.assert_allclose(leaky_filter(s, C_phi, static)[k], exact, rtol=1e-12)


def test_a_gate_that_is_shut_passes_its_input():
    C_phi = np.array([0.4, 0.2, 0.1, 0.1])
    np.testing.assert_array_equal(leaky_filter(0.0, C_phi, 0.1), C_phi)


def check_defining_equation(model):
    """(1+s²)C(k) − s[C(k−1)+C(k+1)] = (1−s)² C_φ(k) and C(∞) = C_φ(∞), with C_φ by quadrature."""
    state = rg.steady_state(model)
    assert state.kind == "chaotic" and state.converged
    assert not state.C_h_error.any() and state.C_h_error.shape == state.C_h.shape
    s = 1 / (1 + np.exp(-model.b_z))
    C, limit = state.C_h, state.static
    assert abs(C[-1] - limit) < 1e-12 * C[0]
    assert (limit > 0.01) == (model.b_h != 0 or model.v_h != 0)
    y = model.input_kernels(np.append(C, limit))["y"]
    lag = np.array([0, 1, 2, 3, 6, 10, 20, len(C) - 2, len(C) - 1, len(C)])
    f, (m, V) = phi(model.phi), (model.b_h, y.covariance[0])
    C_phi = expect_pair(f, f, m, V, m, V, y.covariance[lag])
    around = np.concatenate([[C[1]], C, [limit, limit]])
    left = (1 + s * s) * around[lag + 1] - s * (around[lag] + np.append(around, limit)[lag + 2])
    # the covariance map behind it is accurate to 1e-12 E φ²
    np.testing.assert_allclose(left, (1 - s) ** 2 * C_phi, rtol=0, atol=2e-12 * C_phi[0])
    assert state.replicates == () and state.seed == 0


@pytest.mark.parametrize(
    "parameters",
    [
        {"a_h": 3, "a_r": 10},
        {"a_h": 3, "b_z": 1.5},
        {"a_h": 2.5, "a_r": 4, "b_r": 0.5, "b_h": 0.3, "b_z": -1, "v_h": 0.4, "v_r": 0.2},
    ],
    ids=str,
)
def test_defining_equation(parameters):
    check_defining_equation(rg.GRU(**parameters))


@pytest.mark.slow
def test_defining_equation_of_the_hard_tanh():
    check_defining_equation(rg.GRU(a_h=4, v_h=0.2, activation="hardtanh"))


@pytest.mark.parametrize("b_z", [-1.0, 0.5])
def test_mean_square_of_h_minus_phi(b_z):
    """E[(h−φ)²] from E[h_t φ_t] = (1−s) Σ s^i C_φ(i+1)."""
    model = rg.GRU(a_h=2.5, a_r=2, v_h=0.2, b_z=b_z)
    state = rg.steady_state(model)
    s = 1 / (1 + np.exp(-b_z))
    C_phi = model.phi_kernel(np.append(state.C_h, state.static))
    K = len(C_phi) - 2
    cross = (1 - s) * (s ** np.arange(K) @ C_phi[1:-1]) + s**K * state.static
    exact = state.C_h0 - 2 * cross + C_phi[0]
    np.testing.assert_allclose(state.moment(b_z), exact, rtol=1e-9)


def test_vanilla_limit():
    """s → 0 and r → 1: C(k) is the same stable root c for all k ≥ 1, with values of theory §2.4."""
    state = rg.steady_state(rg.GRU(a_h=2, b_h=0.2, v_h=0.3, b_z=-50, b_r=50))
    assert state.C_h0 == pytest.approx(0.5657, abs=5e-5)
    np.testing.assert_allclose(state.C_h[1:], 0.3143, atol=5e-5)
    np.testing.assert_allclose(state.C_h[1:], state.static, rtol=1e-11)
    f = phi(TANH)
    V, c = 4 * state.C_h0 + 0.3, 4 * state.static + 0.3
    assert expect_pair(f, f, 0.2, V, 0.2, V, c) == pytest.approx(state.static, rel=1e-11)


@pytest.mark.parametrize("start", [4, 64, 300])
def test_the_answer_does_not_depend_on_the_first_window(start):
    model = rg.GRU(a_h=3, a_r=10)
    kernel = 0.5 * np.exp(-np.arange(start + 1) / 5)
    result, decayed = constant_gate_kernel(model, kernel, 0.0, lambda x: False)
    assert decayed and result.converged
    assert result.image[0] == pytest.approx(0.352016985, abs=6e-10)
    exact = rg.steady_state(model).C_h
    np.testing.assert_allclose(result.image[:30], exact[:30], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "start, static",
    [
        (0.4 * 0.8 ** np.arange(65), 0.2),  # C_h(∞) = 0 without a bias
        (0.3 * np.append([1, 1.1], -1.2 * 0.5 ** np.arange(63)), 0.0),  # |C_h(k)| ≤ C_h(0)
    ],
)
def test_a_start_that_is_no_solution_at_all(start, static):
    result, decayed = constant_gate_kernel(rg.GRU(a_h=3, a_r=10), start, static, lambda x: False)
    assert decayed and result.converged and result.image[-1] == 0
    np.testing.assert_allclose(
        result.image[[0, 1, 2, 10]], [0.352016985, 0.326741246, 0.270882886, 0.0165215], atol=6e-10
    )


def test_stop_ends_it():
    model = rg.GRU(a_h=3, a_r=10)
    kernel = 0.5 * np.exp(-np.arange(9) / 5)
    result, decayed = constant_gate_kernel(model, kernel, 0.0, lambda x: x[0] < 0.4)
    assert 0.3 < result.image[0] < 0.4 and not decayed and not result.converged


@pytest.mark.parametrize("gate", [{"a_z": 1}, {"v_z": 0.1}], ids=str)
def test_a_gate_that_varies_is_refused(gate):
    with pytest.raises(ValueError, match=r"^the update gate of this model is not constant$"):
        constant_gate_kernel(rg.GRU(a_h=3, **gate), np.ones(3), 0.0, lambda x: False)


def test_a_memory_longer_than_the_longest_window_is_said(monkeypatch):
    monkeypatch.setattr(constant_gate, "MAX_LAGS", 64)
    monkeypatch.setattr(shooting, "LONGEST", 64)
    state = rg.steady_state(rg.GRU(a_h=3, a_r=10, b_z=3))
    assert state.status == Status.WINDOW_TOO_SHORT and not state.converged
    assert np.isnan(state.C_h).all() and len(state.C_h) <= 1030
    assert Status.WINDOW_TOO_SHORT.sentence in state.message


@pytest.mark.parametrize("b_z", [3.0, 4.0])
def test_long_memory(b_z):
    """A leak of 0.047 or 0.018: a slow gate averages over what is fast."""
    state = rg.steady_state(rg.GRU(a_h=3, a_r=10, b_z=b_z))
    assert state.converged and state.lags >= 1024
    assert state.C_h0 == pytest.approx(0.35413, abs=2e-5)
    leak = 1 / (1 + np.exp(b_z))
    half = int(np.argmax(state.C_h < 0.5 * state.C_h0))
    assert 0.5 < half * leak < 3


@pytest.mark.parametrize("b_z", [9.0, 40.0])
def test_a_memory_beyond_every_window_is_no_answer(b_z):
    """A leak of 1e-4 or e^{−40}: whatever dies inside the window, the network does not."""
    state = rg.steady_state(rg.GRU(a_h=3, a_r=10, b_z=b_z))
    if state.converged:
        assert state.C_h0 == pytest.approx(0.35413, abs=2e-5)
    else:
        assert np.isnan(state.C_h).all()
