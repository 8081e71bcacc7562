"""The vanilla network: every formula is closed."""

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.optimize import brentq

import rmt_gates as rg
from rmt_gates.gaussian import TANH, expect_pair, phi
from rmt_gates.spectra.criterion import perron_root


def average(f, mean, variance):
    g = lambda x: f(mean + np.sqrt(variance) * x) * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    return quad(g, -12, 12, epsabs=1e-14)[0]


@pytest.mark.parametrize("parameters", [{"a_h": 1.5}, {"a_h": 2, "b_h": 0.2, "v_h": 0.3}], ids=str)
def test_fixed_point_and_circle(parameters):
    model = rg.Vanilla(**parameters)
    point = rg.fixed_points(model)[-1]
    V = lambda C: model.a_h**2 * C + model.v_h
    C = brentq(lambda C: average(lambda y: np.tanh(y) ** 2, model.b_h, V(C)) - C, 0.01, 1)
    assert point.C_h == pytest.approx(C, rel=1e-10)
    slope = average(lambda y: np.cosh(y) ** -4, model.b_h, V(C))
    assert point.rho == pytest.approx(model.a_h * np.sqrt(slope), rel=1e-10)
    assert point.spectral_radius == point.rho and point.residual < 1e-14
    curve = rg.spectral_curve(point)
    np.testing.assert_allclose(np.hypot(curve.x, curve.y), point.rho, rtol=1e-12)
    assert curve.radius == pytest.approx(point.rho) and not curve.marginal
    sample = rg.spectral_curve(point.unit)
    assert sample.radius == pytest.approx(point.rho, rel=1e-3)
    lam = np.array([0.7 + 0.4j, -1.3])
    np.testing.assert_allclose(
        perron_root(point.unit, lam).root, sample.radius**2 / np.abs(lam) ** 2, rtol=1e-9
    )


def test_zero_state():
    points = rg.fixed_points(rg.Vanilla(a_h=[0.5, 1.0, 1.01]))
    assert points.count.tolist() == [1, 1, 2]
    np.testing.assert_allclose(points.rho[:, 0], [0.5, 1.0, 1.01], rtol=1e-13)
    # 1 = a_h² (1 − 2 a_h² C + …) at the small root
    assert points.C_h[2, 1] == pytest.approx(0.01, rel=0.05)


def test_chaotic_state_forgets_at_once():
    """C_h(k ≥ 1) is the stable root c of c = E[φφ'](a_h² c): 0 without bias."""
    free = rg.steady_state(rg.Vanilla(a_h=1.5))
    assert free.kind == "chaotic" and free.converged
    assert free.C_h0 == pytest.approx(rg.fixed_points(rg.Vanilla(a_h=1.5))[-1].C_h, rel=1e-12)
    np.testing.assert_allclose(free.C_h[1:], 0, atol=1e-12)
    biased = rg.steady_state(rg.Vanilla(a_h=2, b_h=0.2, v_h=0.3))
    assert biased.C_h0 == pytest.approx(0.5657, abs=5e-5)
    np.testing.assert_allclose(biased.C_h[1:], 0.3143, atol=5e-5)
    V, c = 4 * biased.C_h0 + 0.3, biased.static
    tanh = phi(TANH)
    pair = expect_pair(tanh, tanh, 0.2, V, 0.2, V, 4 * c + 0.3)
    assert c == pytest.approx(pair, rel=1e-10)
    below = rg.steady_state(rg.Vanilla(a_h=0.9))
    assert below.kind == "zero"
    # strong bias: a stable fixed point
    assert rg.steady_state(rg.Vanilla(a_h=1.2, b_h=2.0)).kind == "fixed point"


@pytest.mark.parametrize("start", ["fixed point", "chaotic"])
def test_averages(start):
    model = rg.Vanilla(a_h=2, b_h=0.2, v_h=0.3)
    state = rg.fixed_points(model)[-1] if start == "fixed point" else rg.steady_state(model)
    averages = {name: value for name, (value, _) in state.averages.items()}
    C = float(state.C_h if start == "fixed point" else state.C_h0)
    slope = average(lambda y: np.cosh(y) ** -4, 0.2, 4 * C + 0.3)
    assert averages == {"C_h(0)": C, "E[φ'²]": pytest.approx(slope, rel=1e-12)}
    assert state.unit.averages() == pytest.approx(averages, rel=0.02)


def test_network():
    network = rg.sample_network(rg.Vanilla(a_h=1.5, b_h=0.1, v_h=0.2), 20, rng=0)
    h = network.run(20, rng=1).h
    exact = torch.autograd.functional.jacobian(network.step, h)
    np.testing.assert_allclose(network.jacobian(h), exact, rtol=0, atol=1e-12)
    averages = network.unit(h).averages()
    assert averages["C_h(0)"] == pytest.approx(float((h**2).mean()))
