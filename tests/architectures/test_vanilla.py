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


LEVELS = [
    {},
    {"b_h": 0.3},
    {"v_h": 0.1},
    {"b_h": -0.4, "v_h": 0.2},
    {"activation": "hardtanh"},
    {"activation": "hardtanh", "b_h": 0.4, "v_h": 0.2},
]


@pytest.mark.parametrize("parameters", LEVELS, ids=str)
def test_level(parameters):
    """H = 2 log a_h at a fixed point C with a_h² C = u, and its slope."""
    model = rg.Vanilla(a_h=7, **parameters)
    t, d = np.linspace(-8, 4, 13), 1e-4
    H, slope, C = model.fixed_point_level(t)
    for H_i, u, C_i in zip(H, np.exp(t), C, strict=True):
        crossing = model.replace(a_h=float(np.exp(0.5 * H_i)))
        np.testing.assert_allclose(crossing.fixed_point_map(C_i), C_i, rtol=2e-12)
        np.testing.assert_allclose(crossing.a_h**2 * C_i, u, rtol=2e-12)
    near = [model.fixed_point_level(t + k * d)[0] for k in (-2, -1, 1, 2)]
    numerical = (near[0] - 8 * near[1] + 8 * near[2] - near[3]) / (12 * d)
    np.testing.assert_allclose(slope, numerical, rtol=0, atol=2e-9)


def test_level_at_small_variance():
    """log a_h² = log(u / E tanh²) = 2u − (11/3) u² to second order."""
    u = np.array([1e-14, 1e-11, 1e-8])
    H, slope, C = rg.Vanilla(a_h=1).fixed_point_level(np.log(u))
    np.testing.assert_allclose(C, u, rtol=3e-8)
    np.testing.assert_allclose(H, 2 * u, rtol=0, atol=1e-15)
    np.testing.assert_allclose(slope / u, 2, rtol=1e-7)


@pytest.mark.parametrize(
    "parameters, inner",
    [
        ({}, 1.0),
        ({"b_h": -0.1}, 0.01),
        ({"v_h": 0.2}, 0.2),
        ({"b_h": 0.1, "v_h": 0.5}, 0.5),
        ({"b_h": 3.0}, 1.0),
    ],
    ids=str,
)
def test_where_the_level_has_structure(parameters, inner):
    low, high = rg.Vanilla(a_h=5, **parameters).level_bounds()
    np.testing.assert_allclose(np.exp(low), 1e-3 * inner, rtol=1e-13)
    assert np.exp(high) == pytest.approx(25, rel=1e-13)
    assert np.isfinite(rg.Vanilla(a_h=0).level_bounds()[1])


def test_inputs_of_a_network():
    U, h, b = np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([0.3, -0.1]), np.array([0.7, -0.4])
    got = rg.Vanilla(a_h=1).network_inputs(h, lambda k, v: {"h": U}[k] @ v, {"h": b}, np)
    assert list(got) == ["y"]
    np.testing.assert_allclose(got["y"], U @ h + b, rtol=1e-15)
    model = rg.Vanilla(a_h=2.5, b_h=0.2, v_h=0.3)
    mean, covariance = model.input_kernels(np.array([0.4, 0.1]))["y"]
    assert mean == 0.2
    np.testing.assert_allclose(covariance, 6.25 * np.array([0.4, 0.1]) + 0.3, rtol=1e-15)


def test_poles():
    """S + 1 = ρ²/|λ|²: a pole at 0, with weight ρ² in the mean field and φ'² in a sample."""
    model = rg.Vanilla(a_h=2, b_h=0.2, v_h=0.3)
    (term,) = model.pole_terms(0.4)
    assert (term.mean, term.variance) == (-np.inf, 0)
    np.testing.assert_array_equal(term.q(np.zeros(3)), np.full(3, model.rho(0.4) ** 2))
    np.testing.assert_array_equal(term.dq(np.zeros(3)), np.zeros(3))
    y = np.array([0.3, -1.2, 2.0])
    (pole,) = model.criterion_poles(model.unit({"y": y}, np.tanh(y)))
    np.testing.assert_array_equal([pole.pole, pole.complement], [np.zeros(3), np.ones(3)])
    assert list(pole.entries) == [(0, 0)]
    np.testing.assert_allclose(pole.entries[0, 0], np.cosh(y) ** -4.0, rtol=1e-14)


@pytest.mark.parametrize("start", ["fixed point", "chaotic"])
def test_averages(start):
    model = rg.Vanilla(a_h=2.5, b_h=0.2, v_h=0.3)
    state = rg.fixed_points(model)[-1] if start == "fixed point" else rg.steady_state(model)
    averages = {name: value for name, (value, _) in state.averages.items()}
    C = float(state.C_h if start == "fixed point" else state.C_h0)
    slope = average(lambda y: np.cosh(y) ** -4, 0.2, 6.25 * C + 0.3)
    assert averages == {"C_h(0)": C, "E[φ'²]": pytest.approx(slope, rel=1e-12)}
    assert state.unit.averages() == pytest.approx(averages, rel=0.02)


def test_network():
    network = rg.sample_network(rg.Vanilla(a_h=1.5, b_h=0.1, v_h=0.2), 20, rng=0)
    h = network.run(20, rng=1).h
    exact = torch.autograd.functional.jacobian(network.step, h)
    np.testing.assert_allclose(network.jacobian(h), exact, rtol=0, atol=1e-12)
    averages = network.unit(h).averages()
    assert averages["C_h(0)"] == pytest.approx(float((h**2).mean()))
