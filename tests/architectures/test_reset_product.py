"""One-time averages over y = σ(ξ)u + b against sums over plain grids, and the level's slope."""

import numpy as np
import pytest
from scipy.special import expit, ndtr

import rmt_gates as rg
from rmt_gates.architectures.reset_product import level, level_without_shift
from rmt_gates.gaussian import SIGMOID_SQUARED, expect

BIASED = {
    "a_h": 2.0,
    "a_r": 1.5,
    "b_h": 0.3,
    "b_r": 0.5,
    "b_u": -0.7,
    "v_h": 0.1,
    "v_r": 0.2,
    "v_u": 0.3,
}


def after(**parameters):
    return rg.GRU(reset="after", **parameters)


def grid(mean, variance, n):
    x = np.linspace(-8.5, 8.5, n)
    w = np.exp(-0.5 * x * x)
    return mean + np.sqrt(variance) * x, w / w.sum()


def plain_averages(model, C, n=121):
    """E φ², E φ'², E φ'²(a_h² r² + a_r² u² r'²) by trapezoidal sums over ξ, u and b."""
    xi, w_xi = grid(model.b_r, model.a_r**2 * C + model.v_r, n)
    u, w_u = grid(model.b_u, model.a_h**2 * C + model.v_u, n)
    b, w_b = grid(model.b_h, model.v_h, 41)
    r = expit(xi)[:, None, None]
    y = r * u[:, None] + b
    slope = np.cosh(y) ** -4.0
    gain = model.a_h**2 * r**2 + model.a_r**2 * (r * (1 - r) * u[:, None]) ** 2
    return [w_xi @ ((f @ w_b) @ w_u) for f in (np.tanh(y) ** 2, slope, slope * gain)]


@pytest.mark.parametrize(
    "changes", [{}, {"v_h": 0}, {"b_u": 0, "b_h": 0}, {"b_u": 2.0, "b_r": -1.0}], ids=str
)
@pytest.mark.parametrize("C", [0.02, 0.4])
def test_against_plain_sums(changes, C):
    model = after(**{**BIASED, **changes})
    square, slope, gain = plain_averages(model, C)
    np.testing.assert_allclose(model.fixed_point_map(C), square, rtol=1e-12)
    np.testing.assert_allclose(model.averages(C)["E[φ'²]"], slope, rtol=1e-12)
    np.testing.assert_allclose(model.rho(C), np.sqrt(gain), rtol=1e-12)
    assert type(model.rho(C)) is float and type(model.fixed_point_map(C)) is float


@pytest.mark.parametrize("a_r", [1e3, 1e6])
def test_a_step_gate(a_r):
    """a_r → ∞: r is 0 or 1; to first order in 1/a_r add ∫ (g(σ(ξ)) − g(step)) dξ times p_ξ(0)."""
    C = 0.3
    u, w = grid(0.0, 9 * C, 2001)
    open_gate = np.tanh(u) ** 2 @ w
    xi = np.linspace(-40, 40, 4001)[:, None]
    excess = np.tanh(expit(xi) * u) ** 2 @ w - open_gate * np.heaviside(xi[:, 0], 0.5)
    first = excess.sum() * 0.02 / np.sqrt(2 * np.pi * a_r**2 * C)
    got = after(a_h=3, a_r=a_r).fixed_point_map(C)
    assert got == pytest.approx(open_gate / 2 + first, rel=20 / a_r**2 + 1e-12)


@pytest.mark.parametrize("C", [1e-12, 1e-8, 1e-4])
@pytest.mark.parametrize("a_r", [0.0, 2.0, 10.0, 1e3])
def test_small_variances_keep_their_relative_accuracy(C, a_r):
    """E φ² = C a_h² E r² − 2 C² a_h⁴ E r⁴ + …, by sums over ξ."""
    xi, w = grid(0.0, a_r**2 * C, 40001)
    r2 = expit(xi) ** 2
    U = 9 * C
    series = U * (w @ r2) - 2 * U**2 * (w @ r2**2) + 17 / 3 * U**3 * (w @ r2**3)
    got = after(a_h=3, a_r=a_r).fixed_point_map(C)
    np.testing.assert_allclose(got, series, rtol=max(1e-13, 62 / 3 * U**3))


def test_a_kink_that_nothing_smooths():
    """φ(y) = clip(10 σ(ξ) − 5) of a gate alone: a_h = 0."""
    model = after(a_h=0, a_r=5, b_u=10, b_h=-5.0, activation="hardtanh")
    s = 5 * np.sqrt(0.3)
    xi = np.linspace(-9 * s, 9 * s, 4_000_001)
    w = np.exp(-0.5 * (xi / s) ** 2)
    exact = np.clip(10 * expit(xi) - 5, -1, 1) ** 2 @ w / w.sum()
    assert model.fixed_point_map(0.3) == pytest.approx(exact, rel=1e-10)


def test_hard_tanh_given_the_gate():
    """Sums over ξ of the closed forms E min(y², 1) and P(|y| < 1) for y ~ N(m, V)."""
    model, C = after(**BIASED, activation="hardtanh"), 0.4
    xi, w = grid(model.b_r, model.a_r**2 * C + model.v_r, 401)
    r = expit(xi)
    m, s = r * model.b_u + model.b_h, np.sqrt(r**2 * (4 * C + 0.3) + 0.1)
    low, high = (-1 - m) / s, (1 - m) / s
    inside = ndtr(high) - ndtr(low)
    density = [np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi) for x in (low, high)]
    edge = (2 * m + s * low) * s * density[0] - (2 * m + s * high) * s * density[1]
    square = (m * m + s * s) * inside + edge + 1 - inside
    assert model.fixed_point_map(C) == pytest.approx(w @ square, rel=1e-12)
    assert model.averages(C)["E[φ'²]"] == pytest.approx(w @ inside, rel=1e-12)


def test_arrays_of_models_and_variances():
    model = after(**{**BIASED, "b_u": [0.0, 0.5, -2.0], "a_r": [1.0, 1e4, 0.0], "v_r": 0})
    C = np.array([[0.3], [1e-6]])
    got, rho = model.fixed_point_map(C), model.rho(C)
    assert got.shape == rho.shape == (2, 3)
    for i in range(2):
        for j, (b_u, a_r) in enumerate(((0.0, 1.0), (0.5, 1e4), (-2.0, 0.0))):
            one = after(**{**BIASED, "b_u": b_u, "a_r": a_r, "v_r": 0})
            assert got[i, j] == pytest.approx(one.fixed_point_map(C[i, 0]), rel=1e-12)
            assert rho[i, j] == pytest.approx(one.rho(C[i, 0]), rel=1e-12)


# -- the level ----------------------------------------------------------------------------------
LEVELS = [
    {"a_h": 3.1},  # a_h² is not 2a_h
    {},
    {"b_h": 0, "v_h": 0, "b_u": 0, "v_u": 0},
    {"b_h": 0, "v_h": 0, "b_u": 0, "v_u": 0, "v_r": 0, "a_r": 100},
    {"b_u": 0},
    {"b_u": 0, "v_h": 0},
    {"b_u": 0, "b_h": 0},
    {"b_h": 0, "v_h": 0},
    {"a_r": 0, "v_r": 0},
    {"activation": "hardtanh"},
    {"activation": "hardtanh", "b_u": 0, "b_h": 0},
]


@pytest.mark.parametrize("changes", LEVELS, ids=str)
def test_the_level_and_its_slope(changes):
    model = after(**{**BIASED, **changes})
    t, d = np.linspace(-9, 0, 19), 1e-3
    H, slope, C = model.fixed_point_level(t)
    np.testing.assert_array_equal(C, np.exp(t))
    np.testing.assert_allclose(H, np.log(model.fixed_point_map(C)) - t, rtol=0, atol=1e-12)
    shifted = [model.fixed_point_level(t + k * d)[0] for k in (-2, -1, 1, 2)]
    numerical = (shifted[0] - 8 * shifted[1] + 8 * shifted[2] - shifted[3]) / (12 * d)
    np.testing.assert_allclose(slope, numerical, rtol=0, atol=1e-9)


def test_both_levels_agree_where_both_hold():
    for changes in ({"b_u": 0}, {"b_u": 0, "b_h": 0, "v_h": 0, "v_u": 0}):
        model = after(**{**BIASED, **changes})
        C = np.geomspace(1e-3, 0.9, 7)
        direct = level(model, C)
        np.testing.assert_allclose(level_without_shift(model, C), direct, rtol=0, atol=2e-13)


def test_a_batch_with_and_without_shift():
    model = after(**{**BIASED, "b_u": np.array([0.0, 0.5, 0.0])})
    t = np.full((2, 3), -0.7)
    together = model.fixed_point_level(t)
    for j, b_u in enumerate((0.0, 0.5, 0.0)):
        alone = after(**{**BIASED, "b_u": b_u}).fixed_point_level(-0.7)
        for x, y in zip(together, alone, strict=True):
            np.testing.assert_allclose(x[:, j], y, rtol=1e-13)


@pytest.mark.parametrize("a_r", [1.0, 10.0])
def test_the_slope_at_tiny_variances_keeps_its_relative_accuracy(a_r):
    """At zero bias (131) reads H = log(a_h²/4) + (a_r² − 2a_h²) C/4."""
    C = np.array([1e-16, 1e-13, 1e-10])
    H, slope, _ = after(a_h=3, a_r=a_r).fixed_point_level(np.log(C))
    curvature = (a_r**2 - 18) / 4
    np.testing.assert_allclose(slope / C, curvature, rtol=1e-7)
    np.testing.assert_allclose(H, np.log(9 / 4) + curvature * C, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    "parameters, scale",
    [
        ({}, 1.0),
        ({"a_r": 3}, 0.1),
        ({"a_h": 2, "a_r": 2}, 1 / 9),
        ({"v_h": 0.2}, 0.2),
        ({"b_h": -0.1}, 0.01),
        ({"b_u": 0.1, "v_h": 0.5}, 0.01),
        ({"v_u": 7}, 1.0),
        ({"v_r": 0.25}, 0.25),
        ({"a_r": 3, "v_u": 0.04, "v_r": 0.5}, 0.002),
    ],
    ids=str,
)
def test_below_the_inner_scale_the_level_has_no_structure(parameters, scale):
    low, high = after(**{"a_h": 0, **parameters}).level_bounds()
    np.testing.assert_allclose(low, np.log(1e-3 * scale), rtol=1e-14)
    assert high == 0


@pytest.mark.parametrize("b_r, v_r", [(-30, 9), (-20, 16), (-10, 9), (-3, 25)])
def test_gates_that_are_rarely_open(b_r, v_r):
    """What is small is linear, a_h² E[r²] C, and E[r²] comes from far beyond the mean of the gate:
    ξ around b_r + 2 v_r."""
    model, C = rg.GRU(a_h=1, reset="after", b_r=b_r, v_r=v_r), 1e-12
    linear = C * float(expect(SIGMOID_SQUARED, b_r, v_r))
    assert float(model.fixed_point_map(np.array(C))) == pytest.approx(linear, rel=1e-11, abs=0)
