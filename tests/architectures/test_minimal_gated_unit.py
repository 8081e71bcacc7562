"""A new architecture in one file: everything follows from the protocol (base.py)."""

import numpy as np
import pytest
import torch
from scipy.integrate import quad

import rmt_gates as rg
from validation.cases import Case, Controls
from validation.table import table
from validation.verdict import judge

BIASED = {"a_h": 3, "a_f": 1.5, "b_h": 0.2, "b_f": 0.4, "v_h": 0.1, "v_f": 0.2}


def sigma(x):
    return 1 / (1 + np.exp(-x))


def test_fixed_points(minimal_gated_unit):
    """At rest f is independent of h = φ(y): Var y = a_h² E[f²] C."""
    model = minimal_gated_unit(**BIASED)
    (point,) = (rg.fixed_points(model)[0],)
    C = point.C_h
    gauss = lambda f, m, v: quad(
        lambda x: f(m + np.sqrt(v) * x) * np.exp(-x * x / 2) / np.sqrt(2 * np.pi), -12, 12
    )[0]
    f_squared = gauss(lambda x: sigma(x) ** 2, 0.4, 2.25 * C + 0.2)
    image = gauss(lambda x: np.tanh(x) ** 2, 0.2, 9 * C * f_squared + 0.1)
    assert image == pytest.approx(C, rel=1e-9) and point.residual < 1e-13
    assert point.averages == {"C_h(0)": (C, 0.0)}
    assert point.unit.averages() == {"C_h(0)": pytest.approx(C, rel=1e-3)}
    assert rg.fixed_points(minimal_gated_unit(a_h=1.9)).count == 1
    two = rg.fixed_points(minimal_gated_unit(a_h=[1.9, 2.1], a_f=0.5))
    assert two.count.tolist() == [1, 2]


def test_the_zero_state_is_a_disc(minimal_gated_unit):
    """J = (1−f) + f U_h f: a disc at 1−f of radius f² a_h, as in (20)."""
    point = rg.fixed_points(minimal_gated_unit(a_h=3, a_f=2, b_f=0.5))[0]
    f = sigma(0.5)
    assert point.spectral_radius == pytest.approx(1 - f + 3 * f**2, rel=1e-12)
    assert point.rho == pytest.approx(3 * f, rel=1e-12) and not point.stable
    curve = rg.spectral_curve(point)
    np.testing.assert_allclose(np.hypot(curve.x - (1 - f), curve.y), 3 * f**2, rtol=1e-9)


def test_jacobian(minimal_gated_unit):
    network = rg.sample_network(minimal_gated_unit(**BIASED), 20, rng=0)
    h = network.run(20, rng=1).h
    exact = torch.autograd.functional.jacobian(network.step, h)
    np.testing.assert_allclose(network.jacobian(h), exact, rtol=0, atol=1e-12)


def test_steady_state_without_a_fluctuating_gate(minimal_gated_unit):
    """a_f → 0 is a GRU with constant gates, whose steady state is known exactly."""
    exact = rg.steady_state(rg.GRU(a_h=4))
    state = rg.steady_state(minimal_gated_unit(a_h=4, a_f=1e-4), rng=0, rtol=2e-2)
    assert state.kind == "chaotic" and state.converged
    # the root of a finite sample is biased by 1/paths: half a per cent here
    np.testing.assert_allclose(state.C_h[:8], exact.C_h[:8], rtol=0.03)


def test_steady_state_curve_and_networks(minimal_gated_unit):
    model = minimal_gated_unit(a_h=3, a_f=1, b_f=1)
    state = rg.steady_state(model, rng=0, rtol=1e-2)
    assert state.kind == "chaotic" and state.order.shape == (2, state.lags + 2)
    network = rg.sample_network(model, 400, batch=6, rng=0)
    run = network.run(300, rng=1, burn_in=200)
    assert np.mean(run.mean_square) == pytest.approx(state.C_h0, rel=0.04)
    unit = network.unit(run.h)
    fh = unit.expect(lambda u: (sigma(u["eta"]) * u["h"]) ** 2)
    assert fh == pytest.approx(state.order[1, 0], rel=0.08)
    curve = rg.spectral_curve(state)
    agreement = rg.compare(curve, network.eigenvalues(run.h))
    assert agreement.edge_level == pytest.approx(1, abs=0.1)
    assert agreement.radius_simulated == pytest.approx(curve.radius, abs=0.1)
    assert state.averages["C_h(0)"][0] == state.C_h0


def test_states_are_saved_with_every_feature(minimal_gated_unit, tmp_path):
    model = minimal_gated_unit(a_h=4, b_f=1)
    state = rg.steady_state(model, rng=0, rtol=3e-2)
    state.save(tmp_path / "state.npz")
    again = rg.load(tmp_path / "state.npz")
    np.testing.assert_array_equal(again.order, state.order)
    assert again.model == model and type(again.model) is minimal_gated_unit
    assert again.replicates == state.replicates and again.moment is None


@pytest.mark.slow
def test_validation_for_free(minimal_gated_unit):
    """Theory against networks, with verdicts, resolution and wrong theories that are rejected."""
    case = Case(
        "toy",
        "minimal gated unit",
        minimal_gated_unit(a_h=3, a_f=2),
        N=240,
        networks=48,
        spectra=24,
        rtol=2e-2,
        controls=Controls(averages=0.15, spectrum=0.3),
    )
    result = judge(case, "cpu")
    assert result.passed, table([result])
    assert [c.name for c in result.checks[1:]] == ["C_h(0)", "edge level", "radius at N"]
    assert len(result.controls) == 4 and result.converged
