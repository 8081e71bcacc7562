"""Kernels close to the transition: shooting against potentials, iteration and the solver itself."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

import rmt_gates as rg
from rmt_gates.mean_field import shooting
from rmt_gates.mean_field.near_transition import can_shoot, flat_kernel, is_close
from rmt_gates.mean_field.shooting import decaying_kernel


def cubic(s, growth, bend):
    """s [C(k−1) + C(k+1)] = 2s C cosh κ … with a cubic force: f = s (growth C − bend C³)."""

    def equation(C0, C):
        return s, s * (growth * C - bend * C**3)

    return equation


def test_a_conservative_map():
    """Each step of the recursion holds, from C(0) with C(−1) = C(1) down to the saddle."""
    C = decaying_kernel(cubic(0.4, 2.3, 2.0), 0.6)
    k = np.arange(1, len(C) - 1)
    np.testing.assert_allclose(
        C[k - 1] + C[k + 1], 2.3 * C[k] - 2 * C[k] ** 3, rtol=0, atol=4e-15 * C[0]
    )
    assert 2 * C[1] == pytest.approx(2.3 * C[0] - 2 * C[0] ** 3, rel=1e-14)
    assert abs(C[-1]) < 1e-13 * C[0] and np.all(np.diff(C[: len(C) // 2]) < 0)


def test_slow_orbits_are_solitons():
    """growth = 2 + κ² with κ → 0: C(k) → κ √(2/bend) / cosh(κ k)."""
    for kappa, tolerance in ((0.1, 2e-3), (0.01, 2e-5)):
        C = decaying_kernel(cubic(0.5, 2 + kappa**2, 1.0), 2 * kappa)
        soliton = kappa * np.sqrt(2) / np.cosh(kappa * np.arange(len(C)))
        np.testing.assert_allclose(C, soliton, rtol=0, atol=tolerance * C[0])


def test_no_orbit_is_none():
    """A force that pushes away at every amplitude, or lets every orbit cross 0."""
    assert decaying_kernel(cubic(0.5, 2.5, 0.0), 0.5) is None
    assert decaying_kernel(cubic(0.5, 1.5, 0.1), 0.5) is None


def test_what_did_not_settle_is_none(monkeypatch):
    """Too few rounds of Newton's method: no kernel, and no state that looks like an answer."""
    monkeypatch.setattr(shooting, "NEWTON", 1)
    assert decaying_kernel(cubic(0.4, 2.3, 2.0), 0.6) is None
    state = rg.steady_state(rg.GRU(a_h=2.02))
    assert not state.converged and np.isnan(state.C_h).all()


@pytest.mark.parametrize(
    "model",
    [rg.GRU(a_h=3, a_r=10), rg.GRU(a_h=3, b_z=3), rg.GRU(a_h=2.3, a_r=2, b_z=-1)],
    ids=str,
)
def test_agrees_with_iteration(model):
    state = rg.steady_state(model)  # by iteration: these are not close
    points = rg.fixed_points(model)
    assert can_shoot(model, points) and not is_close(model, points)
    C = flat_kernel(model, points)
    n = min(len(C), len(state.C_h))
    np.testing.assert_allclose(C[:n], state.C_h[:n], rtol=0, atol=1e-12 * C[0])


def potential_root(a_h):
    """C_h(0) of a slow unit, a_r = 0, z → 1: the potential −C²/2 + ∫C_φ dC is equal at C(0) and 0.

    In continuous time C'' ∝ C − C_φ(C); with z = 1/2 this is the limit of slow kernels. φ = tanh.
    """
    t, w = np.polynomial.hermite_e.hermegauss(120)
    w = w / w.sum()

    def value(C0):
        V = (a_h / 2) ** 2 * C0

        def C_phi(C):
            rho = C / C0
            y = np.sqrt(V) * (rho * t[:, None] + np.sqrt(1 - rho**2) * t)
            return (w * np.tanh(np.sqrt(V) * t)) @ np.tanh(y) @ w

        return quad(C_phi, 0, C0, epsabs=1e-15, epsrel=1e-11)[0] - 0.5 * C0**2

    top = rg.fixed_points(rg.GRU(a_h=a_h))[-1].C_h
    return brentq(value, 0.9 * top, top * (1 - 1e-7), xtol=1e-13)


@pytest.mark.parametrize("a_h", [2.005, 2.02])
def test_exact_state_just_above_the_transition(a_h):
    """Against the potential of slow kernels; corrections are of the order of κ² ~ (a_h − 2)²."""
    state = rg.steady_state(rg.GRU(a_h=a_h))
    assert state.kind == "chaotic" and state.converged
    assert state.C_h0 == pytest.approx(potential_root(a_h), rel=0.02 * (a_h - 2))
    assert state.C_h[-1] < 1e-12 * state.C_h0


def test_a_gate_that_hardly_varies():
    """a_z = 10⁻³: sampled, the exact state of the constant gate."""
    exact = rg.steady_state(rg.GRU(a_h=2.02))
    state = rg.steady_state(rg.GRU(a_h=2.02, a_z=1e-3), rng=0)
    assert state.converged and state.C_h0 == pytest.approx(exact.C_h0, rel=1e-5)
    pull, error = state.averages["E[(h−φ)²]"]
    assert pull == pytest.approx(exact.averages["E[(h−φ)²]"][0], rel=0.01) and error < 0.01 * pull


def test_sampled_states_decay_in_their_window():
    """(2.1, 1, 0): a window of 128 lags had cut a tail of 9 % and was 13 % wrong in the pull.

    Reference: windows of 1025 and 1755 lags, 0.047924(5) and 6.54(7)e-5.
    """
    state = rg.steady_state(rg.GRU(a_h=2.1, a_z=1), rng=0)
    assert state.converged and abs(state.C_h[-1]) < 0.005 * state.C_h0
    assert state.C_h0 == pytest.approx(0.047924, abs=2e-5)
    assert state.averages["E[(h−φ)²]"][0] == pytest.approx(6.54e-5, rel=0.03)
