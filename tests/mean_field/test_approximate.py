"""(50)–(51): solves its own equation, is exact for a constant gate, says what it is."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.gaussian import SIGMOID, TANH, expect, expect_pair, phi
from rmt_gates.mean_field import approximate
from rmt_gates.results import Status

BIASED = rg.GRU(a_h=3, a_z=1.6, a_r=3, b_h=0.2, b_z=-0.3, b_r=0.4, v_h=0.3, v_z=0.5, v_r=0.2)


@pytest.mark.parametrize("model", [rg.GRU(a_h=3, a_z=10, a_r=10), BIASED], ids=repr)
def test_defining_equation(model):
    """C(1+C_z) − s[C(k−1)+C(k+1)] = (1−2s+C_z) C_φ, by two-dimensional quadrature."""
    state = rg.approximate_steady_state(model)
    assert state.kind == "chaotic" and state.converged
    C, limit = state.C_h, state.static
    lag = np.array([0, 1, 2, 5, 9, len(C) - 1])
    m, V = model.b_z, model.a_z**2 * C + model.v_z
    s = expect(SIGMOID, m, V[0])
    C_z = expect_pair(SIGMOID, SIGMOID, m, V[0], m, V[0], V[lag])
    y = model.input_kernels(np.append(C, limit))["y"]
    f, V = phi(TANH), y.covariance
    C_phi = expect_pair(f, f, y.mean, V[0], y.mean, V[0], V[lag])
    around = np.concatenate([[C[1]], C, [limit]])
    left = C[lag] * (1 + C_z) - s * (around[lag] + around[lag + 2])
    np.testing.assert_allclose(left, (1 - 2 * s + C_z) * C_phi, rtol=0, atol=5e-12)
    assert abs(C[-1] - limit) <= 1e-10 * C[0]
    exact = expect_pair(f, f, y.mean, V[0], y.mean, V[0], V[-1])
    assert limit == pytest.approx(exact if model.v_h else 0.0, abs=5e-12)


@pytest.mark.parametrize(
    "parameters", [{"a_r": 10}, {"a_r": 6, "b_z": 1, "v_h": 0.3, "b_h": 0.1}], ids=str
)
def test_exact_for_a_constant_gate(parameters):
    model = rg.GRU(a_h=3, **parameters)
    exact, state = rg.steady_state(model), rg.approximate_steady_state(model)
    n = min(len(exact.C_h), len(state.C_h))
    np.testing.assert_allclose(state.C_h[:n], exact.C_h[:n], rtol=0, atol=1e-10)
    np.testing.assert_allclose(state.static, exact.static, rtol=0, atol=1e-11)
    np.testing.assert_allclose(
        state.moment.coefficients[0], exact.moment.coefficients[0], rtol=1e-8
    )


def test_wrong_where_the_gate_fluctuates(sampled):
    """E1: nine per cent at (3, 10, 10), and far beyond the error bar at (3, 1, 10)."""
    for name, off in (("3,10,10", -0.09), ("3,1,10", 0.0087)):
        exact = sampled(name)
        state = rg.approximate_steady_state(exact.model)
        assert state.C_h0 / exact.C_h0 - 1 == pytest.approx(off, abs=0.008 if off < 0 else 0.003)
        assert abs(state.C_h0 - exact.C_h0) > 8 * exact.C_h0_error


def test_excess_follows_from_stationarity():
    """E h² = E[z²]E h² + 2E[z(1−z)]E[hφ] + E[(1−z)²]E φ² with h independent of z."""
    state = rg.approximate_steady_state(BIASED)
    x = np.linspace(-9, 9, 4001)
    w = np.exp(-x * x / 2) / np.exp(-x * x / 2).sum()
    V = 1.6**2 * state.C_h0 + 0.5
    z = 1 / (1 + np.exp(0.3 - np.sqrt(V) * x))
    phi_squared = BIASED.fixed_point_map(state.C_h0)
    C, D = state.C_h0, state.moment(1.7)
    cross = 0.5 * (C + phi_squared - D)
    total = z**2 @ w * C + 2 * (z * (1 - z)) @ w * cross + (1 - z) ** 2 @ w * phi_squared
    assert total == pytest.approx(C, rel=1e-9)
    assert state.moment(-3.0) == D and state.moment.mean == -0.3
    assert state.moment.variance == pytest.approx(V)


def test_says_what_it_is():
    state = rg.approximate_steady_state(rg.GRU(a_h=3, a_z=1))
    note = "Approximation (50)–(51), which takes h_t and ζ_t to be independent."
    assert state.note == note and state.message.endswith(" " + note)
    assert np.isnan(state.C_h_error).all() and state.C_h_error.shape == state.C_h.shape


def test_is_a_start(sampled):
    exact = sampled("3,10,10")
    start = rg.approximate_steady_state(exact.model)
    state = rg.steady_state(exact.model, start=start, rng=4)
    assert abs(state.C_h0 - exact.C_h0) < 4 * np.hypot(state.C_h0_error, exact.C_h0_error)
    np.testing.assert_array_equal(
        rg.approximate_steady_state(exact.model, start=start.C_h).C_h.round(9), start.C_h.round(9)
    )


def test_branches():
    model = rg.GRU(a_h=1.8, a_z=1, a_r=20)
    assert rg.approximate_steady_state(model).kind == "chaotic"
    assert rg.approximate_steady_state(model, start="zero").kind == "zero"
    assert rg.approximate_steady_state(rg.GRU(a_h=1.8, a_z=1, a_r=10)).kind == "zero"
    assert rg.approximate_steady_state(rg.GRU(a_h=1, a_z=1, v_h=0.3)).kind == "fixed point"


def test_windows_grow_and_end(monkeypatch):
    """A weak reset gate remembers: (3, 1, 1) needs more than 64 lags to decay to 1e-10."""
    model = rg.GRU(a_h=3, a_z=1, a_r=1)
    state = rg.approximate_steady_state(model)
    assert state.converged and state.lags >= 128
    monkeypatch.setattr(approximate, "LONGEST_WINDOW", 128)
    short = rg.approximate_steady_state(model)
    assert short.status is Status.WINDOW_TOO_SHORT and np.isnan(short.C_h).all()
    assert short.lags == 64


def test_refusals():
    with pytest.raises(ValueError, match=r"^approximate_steady_state takes one model, but a_h is"):
        rg.approximate_steady_state(rg.GRU(a_h=[3]))
    with pytest.raises(TypeError, match=r"^approximate_steady_state needs a model"):
        rg.approximate_steady_state(3)
    with pytest.raises(TypeError, match=r"\(51\) for a GRU, not for Vanilla: use rg.steady_state$"):
        rg.approximate_steady_state(rg.Vanilla(a_h=3))
    with pytest.raises(ValueError, match=r"^start must be 'large', 'zero'"):
        rg.approximate_steady_state(rg.GRU(a_h=3), start="big")
