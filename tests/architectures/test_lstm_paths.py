"""The LSTM's cell on sampled paths."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.special import expit

import rmt_gates as rg
from rmt_gates.architectures.lstm_numerators import PathNumerator
from rmt_gates.architectures.lstm_paths import LOGITS, cells, gate, power, shares
from rmt_gates.mean_field.path_unit import path_unit
from rmt_gates.mean_field.sampled_map import SampledKernelMap


def circulant(C, L):
    lag = np.arange(L)
    return C[np.minimum(lag, L - lag)]


def test_cells_follow_the_recursion(monkeypatch):
    monkeypatch.setattr(np, "empty_like", lambda a: np.full_like(a, np.nan))
    rng = np.random.default_rng(0)
    f, x = rng.uniform(size=(12, 5)), rng.normal(size=(12, 5))
    c = cells(f, x, 4)
    state = np.zeros(5)
    for t in range(-4, 12):
        if t >= 0:
            np.testing.assert_allclose(c[t], state, rtol=1e-14)
        state = f[t] * state + x[t]


def test_gate_is_a_sigmoid():
    eta = np.linspace(-60, 60, 301)
    np.testing.assert_allclose(gate(eta), expit(eta), rtol=0, atol=3e-16)


# -- the spectrum of φ(c) -----------------------------------------------------------------------
def test_a_linear_response_has_no_noise():
    """u = x filtered: the spectrum is |T|² S_x exactly, whatever the few paths happen to be."""
    rng = np.random.default_rng(1)
    L, C_x = 16, np.append(0.6 ** np.arange(9), 0.0)
    x_hat = np.fft.fft(rng.normal(size=(L, 3)), axis=0)
    T = 1 / (np.exp(2j * np.pi * np.arange(L) / L) - 0.4)
    x = np.fft.ifft(x_hat, axis=0).real
    u = np.fft.ifft(T[:, None] * x_hat, axis=0).real
    S_x = np.fft.rfft(circulant(C_x, L)).real
    np.testing.assert_allclose(power(u, x, C_x), np.abs(T[: L // 2 + 1]) ** 2 * S_x, rtol=1e-12)


def test_power_is_not_negative():
    """A solver may try what is no covariance: the cells' response to it stays a spectrum."""
    x = np.random.default_rng(5).normal(size=(16, 3))
    C_x = np.append(np.cos(np.arange(9)) - 0.5, 0.0)
    assert np.fft.rfft(circulant(C_x[:-1], 16)).real.min() < -1
    assert np.all(power(np.cumsum(x, axis=0), x, C_x) >= -1e-12)


def test_what_is_incoherent_is_sampled():
    """u independent of x: nearly the periodogram of u, and without x exactly that."""
    rng = np.random.default_rng(2)
    u, x = rng.normal(size=(2, 16, 4000))
    P_uu = np.mean(np.abs(np.fft.rfft(u, axis=0)) ** 2, axis=1) / 16
    white = np.append(np.eye(1, 9)[0], 0.0)
    np.testing.assert_allclose(power(u, x, white), P_uu, rtol=1e-3)
    np.testing.assert_allclose(power(u, 0 * x, 0 * white), P_uu, rtol=1e-13)


def test_a_long_period_is_filled_with_the_limit():
    C_x = np.array([1.0, 0.5, 0.3, 0.2])  # lags 0, 1, 2 and ∞
    x = np.random.default_rng(3).normal(size=(8, 2))
    S_x = np.fft.rfft([1.0, 0.5, 0.3, 0.2, 0.2, 0.2, 0.3, 0.5]).real
    np.testing.assert_allclose(power(x, x, C_x), S_x, rtol=1e-12)


def test_exact_where_the_cell_is_linear():
    """Constant gates and |y|, |c| < 1 for the hard tanh: C_h(k) is a filter of C_y, no noise left.

    c = Σ f^j i y_{t−1−j}: C_c(k) = i² Σ_{jl} f^{j+l} C_y(k+j−l), on the period of the paths.
    """
    model = rg.LSTM(a_h=0.5, b_f=0.4, b_i=-0.3, b_o=0.2, activation="hardtanh")
    K = 64
    C = 1e-3 * np.exp(-np.arange(K + 1) / 5.0)
    got = SampledKernelMap(model, np.random.default_rng(0), 40, K)(np.append(C, 0.0)[None])[0]
    f, i, o = expit(0.4), expit(-0.3), expit(0.2)
    S_y = np.fft.rfft(circulant(0.25 * C, 2 * K)).real
    T = i / (np.exp(1j * np.pi * np.arange(K + 1) / K) - f)
    C_c = np.fft.irfft(np.abs(T) ** 2 * S_y)[: K + 1]
    np.testing.assert_allclose(got[:-1], o**2 * C_c, rtol=1e-9, atol=1e-9 * C_c[0])


@pytest.mark.parametrize("activation", ["tanh", "hardtanh"])
def test_map_of_a_constant_kernel_is_the_fixed_point_map(activation):
    """With C_h(k) = C for all k nothing moves: c is at rest, and E[h²] is F(C)."""
    model = rg.LSTM(a_h=3, a_i=1, a_f=1, a_o=2, b_h=0.3, v_h=0.1, activation=activation)
    C = 0.1
    order = np.full((1, 66), C)
    out = np.mean(
        [SampledKernelMap(model, np.random.default_rng(s), 3000, 64)(order)[0] for s in range(4)], 0
    )
    np.testing.assert_allclose(out, model.fixed_point_map(C), rtol=6e-3)


# -- the numerator of the forget pole -----------------------------------------------------------
def test_shares_make_up_the_numerator():
    """o² (a_f² (1−f)² A + B) = p, with p from the blocks of the linearised step."""
    rng = np.random.default_rng(4)
    inputs = dict(zip(("eta_f", "eta_i", "eta_o", "y"), rng.normal(size=(4, 9)), strict=True))
    c = rng.normal(size=9)
    model = rg.LSTM(a_h=3, a_i=2, a_f=1.5, a_o=2.5)
    _, row = model.blocks(inputs, (c, 0 * c), 0.0).B
    p = sum((a * entry) ** 2 for a, entry in zip((3, 2, 1.5), row[:3], strict=True))
    A, B = shares(model, inputs["eta_f"], c, inputs["eta_i"], inputs["y"])
    D = (1.5 * expit(-inputs["eta_f"])) ** 2 * A + B
    np.testing.assert_allclose(expit(inputs["eta_o"]) ** 2 * D, p, rtol=1e-12)


def exponential(C, K=64):
    return np.append(C * np.exp(-np.arange(K + 1) / 6.0), 0.0)[None]


def test_moments_of_a_forget_gate():
    """E[p] from two samples of one law agrees; with another gain it does not."""

    def moment(model, seed):
        return SampledKernelMap(model, np.random.default_rng(seed), 8192, 64).moment(order)

    order = exponential(0.05)
    model = rg.LSTM(a_h=3, a_i=1, a_f=2, a_o=1, b_f=0.5, v_f=0.3)
    first = moment(model, 0)
    assert first.mean == 0.5 and first.variance == pytest.approx(4 * 0.05 + 0.3, rel=1e-12)
    p = model.averages(0.05, first)["E[p]"]
    assert model.averages(0.05, moment(model, 1))["E[p]"] == pytest.approx(p, rel=1e-2)
    other = model.replace(a_h=3.3)
    assert other.averages(0.05, moment(other, 1))["E[p]"] > 1.05 * p


def test_constant_forget_gate():
    """a_f = v_f = 0: one number, E[p], interpolated at the gate's value."""
    model = rg.LSTM(a_h=3, b_f=0.7)
    one = SampledKernelMap(model, np.random.default_rng(0), 8192, 64)
    order = exponential(0.05)
    moment = one.moment(order)
    assert moment.variance == 0 and moment.coefficients.shape == (1, 2 * len(LOGITS))
    (term,) = model.pole_terms(0.05, moment)
    p = model.averages(0.05, moment)["E[p]"]
    assert (term.mean, term.variance) == (0.7, 0)
    assert expit(-0.7) ** 2 * term.q(np.array([0.7]))[0] == pytest.approx(p, rel=1e-12)
    sampled = path_unit(model, order, seed=1, samples=90_000).averages()["E[p]"]
    assert p == pytest.approx(sampled, rel=1e-2)


@pytest.mark.parametrize("a_f", [1.0, 10.0])
def test_numerator_given_the_gate(a_f):
    """E[p|η_f] of the fit against the mean of p itself, in bins of η_f of the same law."""
    model, order = rg.LSTM(a_h=3, a_i=1, a_f=a_f), exponential(0.1)
    moment = SampledKernelMap(model, np.random.default_rng(0), 4096, 64).moment(order)
    q = PathNumerator(0.25, a_f, moment)
    unit = path_unit(model, order, seed=1, samples=60_000)
    eta, c = unit["eta_f"], unit["c"]
    A, B = shares(model, eta, c, unit["eta_i"], unit["y"])
    p = 0.25 * ((a_f * expit(-eta)) ** 2 * A + B)
    edges = np.quantile(eta, np.linspace(0.02, 0.98, 9))
    for low, high in pairwise(edges):
        inside = (eta >= low) & (eta < high)
        error = p[inside].std() / np.sqrt(inside.sum())
        assert abs(q.p(eta[inside]).mean() - p[inside].mean()) < 4 * error + 0.02 * p[inside].mean()


def test_memory_of_an_open_gate():
    assert rg.LSTM(a_h=3, b_f=3).memory > 5 * rg.LSTM(a_h=3).memory > 0
