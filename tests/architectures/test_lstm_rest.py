"""The LSTM at a fixed point: the self-consistency, S(1) and the radius, by other quadratures."""

import numpy as np
import pytest
from scipy.integrate import nquad, quad
from scipy.special import expit

import rmt_gates as rg
from rmt_gates.architectures.lstm_rest import RestUnit

BIASED = {"a_h": 2.5, "a_i": 2, "a_f": 3, "a_o": 1.5, "b_h": 0.3, "b_i": -0.7, "b_f": 0.8}
BIASED |= {"b_o": 0.2, "v_h": 0.1, "v_i": 0.5, "v_f": 1.2, "v_o": 0.3}
X, W = np.polynomial.legendre.leggauss(16)


def panels(breaks):
    breaks = np.asarray(breaks)
    half = 0.5 * np.diff(breaks)[:, None]
    return (breaks[:-1, None] + half * (1 + X)).ravel(), (half * W).ravel()


def laws(model, C):
    return {
        k: (
            getattr(model, f"b_{k}"),
            np.sqrt(getattr(model, f"a_{k}") ** 2 * C + getattr(model, f"v_{k}")),
        )
        for k in "fioh"
    }


def gate(mean, sd, right=0.0):
    """Gauss–Legendre panels, of 1.2 units of η and no more than 1.2 standard deviations."""
    if sd == 0:
        return np.array([mean]), np.ones(1)
    x, w = panels(np.arange(-8.4, 8.5 + right * sd, min(1.2, 1.2 / sd)))
    return mean + sd * x, w * np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)


def by_panels(model, C):
    """F(C) and E[p/(1−f)²] for tanh: a triple sum, panels in log |y| of both signs."""
    law = laws(model, C)
    (eta_i, w_i), (eta_f, w_f), (eta_o, w_o) = (gate(*law[k], 2.0) for k in "ifo")
    b, sd = law["h"]
    around = abs(b) + sd * np.arange(-8, 9.0)
    breaks = np.linspace(np.log(sd) - 38, np.log(around[-1]), 60)
    u, w_u = panels(np.unique(np.concatenate([breaks, np.log(around[around > 0])])))
    y = np.exp(u)
    density = sum(np.exp(-0.5 * ((y - s * b) / sd) ** 2) for s in (1, -1))
    w_y = w_u * y * density / (sd * np.sqrt(2 * np.pi))
    F = P = 0.0
    f = expit(eta_f)
    for eta, weight in zip(eta_i, w_i, strict=True):
        i = expit(eta)
        g = i * (1 + np.exp(eta_f))
        c = g[:, None] * np.tanh(y)
        slope = np.cosh(np.minimum(c, 300)) ** -4.0
        F += weight * (w_f @ (np.tanh(c) ** 2 @ w_y))
        through = (model.a_f * f) ** 2 + (model.a_i * (1 - i)) ** 2
        P += weight * ((w_f * through) @ (slope * c**2 @ w_y))
        P += weight * model.a_h**2 * ((w_f * g**2) @ (slope @ (w_y * np.cosh(y) ** -4.0)))
    output = w_o @ expit(eta_o) ** 2
    return output * F, output * P


@pytest.mark.parametrize(
    "parameters, C",
    [
        ({"a_h": 3}, 0.05),
        ({"a_h": 3}, 1e-12),
        ({"a_h": 3, "a_f": 4}, 0.05),
        ({"a_h": 1.2, "a_f": 10}, 0.03),
        ({"a_h": 3, "a_i": 2, "b_f": 1.5}, 1e-6),
        ({"a_h": 3, "v_f": 2.0, "b_i": -3.0}, 1e-12),
        ({"a_h": 30, "a_f": 2, "a_o": 30}, 0.3),
        ({"a_h": 2.5, "b_h": 0.3, "a_f": 2}, 1e-4),
    ],
    ids=str,
)
def test_map_and_stability(parameters, C):
    model = rg.LSTM(**parameters)
    F, P = by_panels(model, C)
    unit = RestUnit(model, C)
    assert model.fixed_point_map(C) == pytest.approx(F, rel=1e-12)
    assert unit.p_numerators()[1].sum() == pytest.approx(P, rel=1e-12)


def test_map_of_a_biased_model():
    model = rg.LSTM(**BIASED)
    F, P = by_panels(model, 0.1)
    unit = RestUnit(model, 0.1)
    assert unit.map() == pytest.approx(F, rel=1e-12)
    assert unit.p_numerators()[1].sum() == pytest.approx(P, rel=1e-12)


def test_map_of_a_small_signal_through_open_gates():
    """Where log g = 24 + log 1/√V_y the cell is saturated, and not where log g = 24."""
    C, x, u = 1e-12, np.arange(-9, 9, 0.02), np.arange(-32, 2.3, 0.15)
    y = 3 * np.sqrt(C) * np.exp(u)
    w_y, w_f = (0.3 * np.exp(u - np.exp(2 * u) / 2), 0.02 * np.exp(-x * x / 2))
    g = 0.5 * (1 + np.exp(10 * x))
    F = 0.25 * (w_f @ (np.tanh(np.outer(g, np.tanh(y))) ** 2 @ w_y)) / (2 * np.pi)
    assert rg.LSTM(a_h=3, v_f=100.0).fixed_point_map(C) == pytest.approx(F, rel=1e-12)


def test_map_of_a_small_signal_beside_a_bias():
    """C → 0 with b_h ≠ 0: F(0) = E[o²] φ(iφ(b_h)(1+e^{b_f}))², approached linearly in C."""
    model = rg.LSTM(a_h=2.5, b_h=0.3, a_f=2, a_i=3, a_o=1, b_f=0.4)
    limit = 0.25 * np.tanh(0.5 * np.tanh(0.3) * (1 + np.exp(0.4))) ** 2
    C = np.array([1e-9, 1e-10, 1e-11])
    deviation = model.fixed_point_map(C) / limit - 1
    np.testing.assert_allclose(deviation / C, deviation[0] / C[0], rtol=1e-3)
    assert 1 < deviation[0] / C[0] < 100
    assert model.fixed_point_map(1e-300) == pytest.approx(limit, rel=1e-13)


def test_map_by_adaptive_quadrature():
    """A third route, in three nested adaptive integrals: gates with little variance, y in logs."""
    model = rg.LSTM(a_h=2.5, a_i=1, a_f=1.5, a_o=2, b_h=0.3, b_i=-0.7, b_f=0.8, b_o=0.2, v_h=0.2)
    C = 0.04
    law = laws(model, C)

    def density(x, k):
        mean, sd = law[k]
        return np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))

    def f(u, eta_f, eta_i):
        y = np.exp(u)
        c = expit(eta_i) * np.tanh(y) * (1 + np.exp(eta_f))
        both = density(y, "h") + density(-y, "h")
        return np.tanh(c) ** 2 * y * both * density(eta_f, "f") * density(eta_i, "i")

    window = {k: (law[k][0] - 6 * law[k][1], law[k][0] + 6 * law[k][1]) for k in "fi"}
    ranges = [(-8, np.log(0.3 + 6 * law["h"][1])), window["f"], window["i"]]
    cell = nquad(f, ranges, opts={"epsabs": 1e-9, "epsrel": 1e-7, "limit": 20})[0]
    output = quad(lambda x: expit(x) ** 2 * density(x, "o"), -4, 4.4, epsabs=1e-13)[0]
    assert model.fixed_point_map(C) == pytest.approx(output * cell, rel=3e-7)


@pytest.mark.parametrize("activation", ["tanh", "hardtanh"])
@pytest.mark.parametrize("parameters", [{"a_h": 3}, {"a_h": 1.5, "a_f": 8}, BIASED], ids=str)
@pytest.mark.parametrize("C", [1e-9, 0.02, 0.6])
def test_slope_of_the_map(parameters, C, activation):
    """d log F / d log C against central differences."""
    model, step = rg.LSTM(activation=activation, **parameters), 1e-4
    t = np.log(C)
    up, down = (np.log(model.fixed_point_map(np.exp(t + s * step))) for s in (1, -1))
    H, slope, at = model.fixed_point_level(t)
    assert at == pytest.approx(C, rel=1e-14)
    assert pytest.approx(np.log(model.fixed_point_map(C) / C), abs=1e-14) == H
    assert slope + 1 == pytest.approx((up - down) / (2 * step), abs=2e-8)


def clipped_by_panels(model, C):
    """F and E[p/(1−f)²] for the hard tanh: every integral cut where the one inside has a kink."""
    law = laws(model, C)

    def cut(mean, sd, at):
        if sd == 0:
            return np.array([mean]), np.ones(1)
        breaks = np.concatenate([np.arange(-8.4, 8.5, 1.2), (np.asarray(at) - mean) / sd])
        x, w = panels(np.unique(breaks[np.abs(breaks) <= 8.5]))
        return mean + sd * x, w * np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)

    F = P = 0.0
    for eta, weight in zip(*cut(*law["i"], [-law["f"][0]]), strict=True):
        i = expit(eta)
        for eta_f, w_f in zip(*cut(*law["f"], [-eta]), strict=True):
            g, f = i * (1 + np.exp(eta_f)), expit(eta_f)
            y, w_y = cut(*law["h"], [-1, 1, -1 / g, 1 / g])
            c = g * np.clip(y, -1, 1)
            inside = np.abs(c) < 1
            F += weight * w_f * (w_y @ np.clip(c, -1, 1) ** 2)
            through = ((model.a_f * f) ** 2 + (model.a_i * (1 - i)) ** 2) * c**2
            P += (
                weight * w_f * (w_y @ (inside * (through + (model.a_h * g * (np.abs(y) < 1)) ** 2)))
            )
    eta_o, w_o = gate(*law["o"], 2.0)
    output = w_o @ expit(eta_o) ** 2
    return output * F, output * P


@pytest.mark.parametrize(
    "parameters, C",
    [
        ({"a_h": 3, "b_f": 1.0}, 0.2),
        ({"a_h": 3, "a_f": 2}, 0.2),
        ({"a_h": 3, "a_i": 2, "b_f": 1}, 0.2),
        ({"a_h": 3, "a_f": 1, "a_i": 0.5, "b_h": 0.3, "v_h": 0.1}, 0.1),
    ],
    ids=str,
)
def test_hard_tanh(parameters, C):
    model = rg.LSTM(activation="hardtanh", **parameters)
    F, P = clipped_by_panels(model, C)
    unit = RestUnit(model, C)
    assert unit.map() == pytest.approx(F, rel=1e-11)
    assert unit.p_numerators()[1].sum() == pytest.approx(P, rel=1e-11)


# -- fixed points -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "gains",
    [{"a_f": 30}, {"a_i": 30}, {"a_o": 30}, {"a_h": 30}, {"b_h": 0.1}, {"v_h": 0.01}],
    ids=str,
)
def test_below_the_lowest_level_nothing_changes(gains):
    """Gates and y have a thousandth of the variance at which the map would bend."""
    model = rg.LSTM(**{"a_h": 2, **gains})
    low, high = model.level_bounds()
    C = np.exp(low)
    assert max(model.a_f, model.a_i, model.a_o) ** 2 * C <= 1e-3
    static = model.b_h**2 + model.v_h
    assert model.a_h**2 * C <= 1e-3 * (min(1, static) if static else 1) and high == 0


@pytest.mark.parametrize("seed", range(6))
def test_every_branch_is_found(seed):
    """As many roots as sign changes of F(C) − C on a grid of 600 points down to e^{−30}."""
    rng = np.random.default_rng(seed)
    gains = dict(zip(("a_h", "a_f", "a_i", "a_o"), rng.uniform(0, [4, 12, 6, 6]), strict=True))
    if seed % 2:
        names = [f"{kind}_{k}" for kind in "bv" for k in "hfio"]
        gains |= dict(zip(names, rng.uniform(0, [0.01, 1, 1, 1, 0.001, 1, 1, 1]), strict=True))
    model = rg.LSTM(**gains)
    C = np.exp(np.linspace(-30, 0, 600))
    changes = np.count_nonzero(np.diff(np.sign(model.fixed_point_map(C) - C)))
    points = rg.fixed_points(model)
    assert np.count_nonzero(points.C_h) == changes
    assert np.all(points.residual <= 1e-14 * np.maximum(points.C_h, 1e-3))


def test_arrays_of_models():
    a_f = np.array([0.0, 5.0, 8.0])
    many = rg.fixed_points(rg.LSTM(a_h=1.5, a_f=a_f, v_o=[[0.0], [0.4]]))
    assert many.C_h.shape == (2, 3, 3)
    for i, v_o in enumerate((0.0, 0.4)):
        for j in range(3):
            one = rg.fixed_points(rg.LSTM(a_h=1.5, a_f=a_f[j], v_o=v_o))
            present = np.isfinite(many.C_h[i, j])
            assert present.sum() == len(one)
            for name in ("C_h", "rho", "spectral_radius", "residual"):
                got = getattr(many, name)[i, j][present]
                np.testing.assert_allclose(got, getattr(one, name), rtol=1e-13, atol=1e-16)
    assert many.count.tolist() == [[1, 1, 3], [1, 1, 3]]


@pytest.mark.parametrize("activation", ["tanh", "hardtanh"])
def test_nothing_comes_from_nothing(activation):
    """a_h = 0 without bias: only the zero state; with bias: h is that of the bias alone."""
    assert rg.fixed_points(rg.LSTM(a_h=0, a_f=3, activation=activation)).C_h.tolist() == [0]
    point = rg.fixed_points(rg.LSTM(a_h=0, b_h=0.5, b_f=1.0, activation=activation))[0]
    phi = np.tanh if activation == "tanh" else lambda x: np.clip(x, -1, 1)
    c = 0.5 * phi(0.5) * (1 + np.e)
    assert point.C_h == pytest.approx(0.25 * phi(c) ** 2, rel=1e-13)
    assert point.rho == 0 and point.stable
    assert point.spectral_radius == pytest.approx(expit(1.0), rel=1e-14)


@pytest.mark.parametrize("activation", ["tanh", "hardtanh"])
def test_extreme_gates(activation):
    """No overflow and no warning, and what is found solves the equation."""
    for extreme in ({"a_f": 1e4}, {"v_f": 1e5}, {"b_f": 50.0}, {"b_o": -50.0, "a_i": 30}):
        points = rg.fixed_points(rg.LSTM(a_h=3, activation=activation, **extreme))
        # e^{2η} over such gates has no finite mean that a float can hold
        assert np.isinf(points.rho[-1]) == (max(extreme, key=extreme.get) in ("a_f", "v_f"))
        assert not np.isnan(points.rho).any() and np.all(np.isfinite(points.spectral_radius))
        assert np.all(points.residual <= 1e-14 * np.maximum(points.C_h, 1e-3))


# -- stability and radius -----------------------------------------------------------------------
@pytest.mark.parametrize("activation", ["tanh", "hardtanh"])
@pytest.mark.parametrize(
    "b_f, v_f, v_i, v_o", [(0, 0, 0, 0), (0.4, 0.3, 0, 0), (-0.5, 1.5, 2, 0.7)]
)
def test_zero_state_with_disordered_gates(b_f, v_f, v_i, v_o, activation):
    """Stable iff a_h² E[o²] E[i²] (1 + 2e^{b+v/2} + e^{2b+2v}) < 1."""

    def square(variance):
        return quad(
            lambda x: expit(np.sqrt(variance) * x) ** 2 * np.exp(-x * x / 2), -9, 9, epsabs=1e-14
        )[0] / np.sqrt(2 * np.pi)

    growth = 1 + 2 * np.exp(b_f + v_f / 2) + np.exp(2 * b_f + 2 * v_f)
    critical = 1 / np.sqrt(square(v_o) * square(v_i) * growth)
    a_h = critical * np.array([1 - 1e-11, 1 + 1e-11, 0.5])
    model = rg.LSTM(a_h=a_h, a_f=3, b_f=b_f, v_f=v_f, v_i=v_i, v_o=v_o, activation=activation)
    rho = model.rho(np.zeros(3))
    np.testing.assert_allclose(rho, a_h / critical, rtol=1e-12)
    assert (rho < 1).tolist() == [True, False, True]


def S_plus_one(model, C, x):
    """E[q]/x² + E[p/(x−f)²] on the real axis, by panels in η_f of the numerator's nodes."""
    unit = RestUnit(model, C)
    eta_f, weight = unit.p_numerators()
    return unit.q / x**2 + weight @ ((1 - expit(eta_f)) / (x - expit(eta_f))) ** 2


@pytest.mark.parametrize("activation", ["tanh", "hardtanh"])
@pytest.mark.parametrize(
    "parameters", [{"a_i": 1, "a_f": 1, "a_o": 10}, {"a_f": 6}, {"a_o": 4}, {"a_o": 4, "b_f": -2}]
)
def test_radius_is_the_outermost_root(parameters, activation):
    model = rg.LSTM(a_h=3, activation=activation, **parameters)
    point = rg.fixed_points(model)[-1]
    radius = point.spectral_radius
    assert radius > expit(model.b_f)
    assert S_plus_one(model, point.C_h, radius) == pytest.approx(1, abs=1e-9)
    assert S_plus_one(model, point.C_h, radius + 1e-6) < 1


def test_radius_of_stable_states():
    """1 if f has a density; with one constant f the outermost of two poles, and of what is none."""
    assert rg.fixed_points(rg.LSTM(a_h=1, v_f=0.5))[0].spectral_radius == 1
    disc = rg.fixed_points(rg.LSTM(a_h=1, a_o=5, b_f=0.6, b_i=0.3))[0]
    assert disc.spectral_radius == pytest.approx(expit(0.6) + 0.5 * expit(0.3), rel=1e-14)
    driven = rg.fixed_points(rg.LSTM(a_h=0, a_o=9, b_h=2, b_f=-3))[0]
    q = driven.averages["E[q]"][0]
    assert driven.spectral_radius == pytest.approx(np.sqrt(q), rel=1e-13) and np.sqrt(q) > expit(-3)


def test_an_edge_exponentially_close_to_one():
    """The defining equation, substituted back at δ ~ 1e-9 with x = 1 + δ never formed."""
    model = rg.LSTM(a_h=3, b_f=30, v_f=4.0)
    point = rg.fixed_points(model)[-1]
    eta_f, weight = RestUnit(model, point.C_h).p_numerators()
    delta = point.spectral_radius - 1
    leak = expit(-eta_f)
    assert 0 < delta < 1e-4
    assert weight @ (leak / (leak + delta)) ** 2 == pytest.approx(1, abs=1e-3)
