"""The LSTM against adaptive quadrature, closed forms and autograd."""

import numpy as np
import pytest
import torch
from scipy.integrate import tplquad

import rmt_gates as rg
from rmt_gates.spectra.criterion import perron_root


def lstm(a_h, a_i, a_f, a_o, **more):
    return rg.LSTM(a_h=a_h, a_i=a_i, a_f=a_f, a_o=a_o, **more)


def sigma(x):
    return 1 / (1 + np.exp(-x))


def test_biased_fixed_point_map():
    """The three-dimensional integral by adaptive quadrature, every bias on."""
    model = lstm(2, 1, 1.5, 1, b_h=0.3, b_i=-0.2, b_f=0.4, b_o=0.1, v_h=0.1, v_f=0.2, v_i=0.1)
    C = 0.05
    variance = [1 * C + 0.1, 2.25 * C + 0.2, 4 * C + 0.1]
    means = [-0.2, 0.4, 0.3]

    def f(x, y, z):
        i, f, u = (m + np.sqrt(v) * t for m, v, t in zip(means, variance, (x, y, z), strict=True))
        c = sigma(i) * np.tanh(u) * (1 + np.exp(f))
        return np.tanh(c) ** 2 * np.exp(-(x * x + y * y + z * z) / 2) / (2 * np.pi) ** 1.5

    phi_squared = tplquad(f, -7, 7, -7, 7, -7, 7, epsabs=1e-6)[0]
    grid = np.linspace(-9, 9, 1001)
    gauss = np.exp(-grid * grid / 2) / np.sqrt(2 * np.pi) * 0.018
    o_squared = gauss @ sigma(0.1 + np.sqrt(C) * grid) ** 2
    assert model.fixed_point_map(C) == pytest.approx(o_squared * phi_squared, rel=3e-5)


def test_zero_state():
    """(37): a disc at σ(b_f) of radius σ(b_o)σ(b_i)a_h; disordered gates too."""
    model = lstm(2.5, 1, 2, 3, b_f=0.4, b_i=-0.3, b_o=0.2)
    point = rg.fixed_points(model)[0]
    f, R = sigma(0.4), 2.5 * sigma(-0.3) * sigma(0.2)
    assert point.spectral_radius == pytest.approx(f + R, rel=1e-10)
    assert point.rho == pytest.approx(R / (1 - f), rel=1e-10)
    disordered = lstm(1.2, 1, 1, 1, b_f=0.4, v_f=0.3)
    exact = 1.44 * sigma(0) ** 4 * (1 + 2 * np.exp(0.4 + 0.15) + np.exp(0.8 + 0.6))
    assert rg.fixed_points(disordered)[0].rho ** 2 == pytest.approx(exact, rel=1e-9)


def test_criterion_is_S_on_a_sample():
    """Λ(λ) = E[q]/|λ|² + E[p/|λ−f|²] on one and the same sample."""
    model = lstm(2, 1, 3, 1.5, b_f=0.3)
    unit = rg.fixed_points(model)[-1].unit
    f, i, o = (sigma(unit[f"eta_{k}"]) for k in "fio")
    y, c = unit["y"], unit["c"]
    after = f * c + i * np.tanh(y)
    q = (1.5 * o * (1 - o) * np.tanh(after)) ** 2
    into_c = (3 * c * f * (1 - f)) ** 2 + (i * (1 - i) * np.tanh(y)) ** 2
    p = (o / np.cosh(after) ** 2) ** 2 * (into_c + (2 * i / np.cosh(y) ** 2) ** 2)
    lam = np.array([1.2 + 0.3j, -0.4 + 0.1j, 0.5 + 0.7j])
    S = [unit.weights @ (q / abs(x) ** 2 + p / np.abs(x - f) ** 2) for x in lam]
    np.testing.assert_allclose(perron_root(unit, lam).root, S, rtol=1e-10)
    curve = rg.spectral_curve(unit)
    np.testing.assert_allclose(curve.S(lam) + 1, S, rtol=1e-10)


def test_jacobian():
    model = lstm(2, 1, 1.5, 1, b_h=0.1, b_f=0.4, b_i=-0.2, b_o=0.3, v_h=0.1, v_f=0.2, v_o=0.1)
    network = rg.sample_network(model, 20, rng=0)
    h = network.run(20, rng=1).h
    exact = torch.autograd.functional.jacobian(network.step, h).reshape(40, 40)
    np.testing.assert_allclose(network.jacobian(h), exact, rtol=0, atol=1e-12)
