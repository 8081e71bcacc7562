"""The GRU, reset before the matrix: its step, inputs, fixed-point equation and S's integrands."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.gaussian import SIGMOID, TANH, expect_pair, phi
from rmt_gates.gaussian.conditional_moment import ConditionalMoment
from rmt_gates.spectra.criterion import criterion_matrix

BIASED = {
    "a_h": 2.5,
    "a_z": 1.7,
    "a_r": 4.0,
    "b_h": 0.3,
    "b_z": -0.6,
    "b_r": 0.5,
    "v_h": 0.1,
    "v_z": 0.4,
    "v_r": 0.2,
}


def sigma(x):
    return 1 / (1 + np.exp(-x))


def average(f, mean, variance):
    """E f(mean + √variance x) by the trapezoidal rule, which is exact here to rounding."""
    x = np.linspace(-9, 9, 40001)
    weight = np.exp(-0.5 * x * x)
    return f(mean + np.sqrt(variance) * x) @ weight / weight.sum()


def draw(n, seed=0):
    rng = np.random.default_rng(seed)
    inputs = dict(zip(("zeta", "xi", "y"), rng.normal(scale=2, size=(3, n)), strict=True))
    return inputs, rng.uniform(-1, 1, n)


# -- the process --------------------------------------------------------------------------------
def test_step_is_eq_5():
    inputs, h = draw(50)
    z = sigma(inputs["zeta"])
    exact = z * h + (1 - z) * np.tanh(inputs["y"])
    np.testing.assert_allclose(rg.GRU(a_h=1).step(inputs, h), exact, rtol=0, atol=1e-15)
    hard = rg.GRU(a_h=1, activation="hardtanh").step(inputs, h)
    np.testing.assert_allclose(
        hard, z * h + (1 - z) * np.clip(inputs["y"], -1, 1), rtol=0, atol=1e-15
    )


def test_a_gate_that_is_open_or_shut():
    inputs = {"zeta": np.array([800.0, -800.0]), "xi": np.zeros(2), "y": np.array([0.5, 0.5])}
    h = np.array([0.3, 0.3])
    np.testing.assert_array_equal(rg.GRU(a_h=1).step(inputs, h), [0.3, np.tanh(0.5)])


def test_a_unit_at_rest_does_not_move():
    inputs, _ = draw(20)
    for model in (rg.GRU(a_h=1), rg.GRU(a_h=1, activation="hardtanh")):
        rest = model.rest(inputs)
        np.testing.assert_array_equal(rest, model.phi.phi(inputs["y"]))
        np.testing.assert_array_equal(model.step(inputs, rest), rest)


def test_inputs_of_a_network():
    rng = np.random.default_rng(1)
    U = {k: rng.normal(size=(7, 7)) for k in "hrz"}
    bias = {k: rng.normal(size=7) for k in "hrz"}
    h = rng.uniform(-1, 1, 7)
    got = rg.GRU(a_h=1).network_inputs(h, lambda k, v: U[k] @ v, bias, np)
    assert sorted(got) == ["xi", "y", "zeta"]
    xi = U["r"] @ h + bias["r"]
    np.testing.assert_allclose(got["zeta"], U["z"] @ h + bias["z"], rtol=1e-14)
    np.testing.assert_allclose(got["xi"], xi, rtol=1e-14)
    np.testing.assert_allclose(got["y"], U["h"] @ (sigma(xi) * h) + bias["h"], rtol=1e-13)


def test_input_kernels_against_two_dimensional_averages():
    p = BIASED
    C = np.array([0.4, 0.3, -0.1, 0.0])
    kernels = rg.GRU(**p).input_kernels(C)
    assert list(kernels) == ["zeta", "xi", "y"]
    for name, k in (("zeta", "z"), ("xi", "r")):
        assert kernels[name].mean == p[f"b_{k}"]
        np.testing.assert_allclose(
            kernels[name].covariance, p[f"a_{k}"] ** 2 * C + p[f"v_{k}"], rtol=1e-14
        )
    V = p["a_r"] ** 2 * C + p["v_r"]
    C_r = expect_pair(SIGMOID, SIGMOID, p["b_r"], V[0], p["b_r"], V[0], V)
    assert kernels["y"].mean == p["b_h"]
    np.testing.assert_allclose(
        kernels["y"].covariance, p["a_h"] ** 2 * C_r * C + p["v_h"], rtol=0, atol=1e-11
    )


def test_a_reset_gate_without_variance_is_a_constant():
    C = np.array([0.4, 0.1, -0.2])
    y = rg.GRU(a_h=2, b_r=0.7).input_kernels(C)["y"]
    np.testing.assert_allclose(y.covariance, 4 * sigma(0.7) ** 2 * C, rtol=1e-14)


def test_phi_kernel_against_two_dimensional_averages():
    model = rg.GRU(**BIASED)
    C = np.array([0.4, 0.25, 0.05])
    y = model.input_kernels(C)["y"]
    V = y.covariance
    f = phi(TANH)
    exact = expect_pair(f, f, y.mean, V[0], y.mean, V[0], V)
    np.testing.assert_allclose(model.phi_kernel(C), exact, rtol=0, atol=1e-12)


def test_phi_kernel_at_lag_zero_is_the_fixed_point_map():
    for changes in ({}, {"activation": "hardtanh"}):
        model = rg.GRU(**BIASED, **changes)
        np.testing.assert_allclose(
            model.phi_kernel(np.array([0.3]))[0], model.fixed_point_map(0.3), rtol=1e-11
        )


# -- fixed points -------------------------------------------------------------------------------
@pytest.mark.parametrize("activation", ["tanh", "hardtanh"])
@pytest.mark.parametrize("C", [0.02, 0.3, 0.9])
def test_fixed_point_map_and_rho_against_their_definitions(activation, C):
    p = BIASED
    model = rg.GRU(**p, activation=activation)
    W = p["a_r"] ** 2 * C + p["v_r"]
    r2 = average(lambda x: sigma(x) ** 2, p["b_r"], W)
    dr2 = average(lambda x: (sigma(x) * sigma(-x)) ** 2, p["b_r"], W)
    V = p["a_h"] ** 2 * C * r2 + p["v_h"]
    np.testing.assert_allclose(model.input_variance(C), V, rtol=1e-12)
    function = {
        "tanh": (lambda y: np.tanh(y) ** 2, lambda y: np.cosh(y) ** -4.0),
        "hardtanh": (lambda y: np.clip(y, -1, 1) ** 2, lambda y: 1.0 * (np.abs(y) < 1)),
    }[activation]
    # the trapezoidal rule is only exact where there are no kinks
    tolerance = 1e-11 if activation == "tanh" else 2e-4
    phi2, dphi2 = (average(f, p["b_h"], V) for f in function)
    np.testing.assert_allclose(model.fixed_point_map(C), phi2, rtol=tolerance)
    rho = np.sqrt(p["a_h"] ** 2 * dphi2 * (r2 + p["a_r"] ** 2 * dr2 * C))
    np.testing.assert_allclose(model.rho(C), rho, rtol=tolerance)


def test_rho_takes_arrays():
    model = rg.GRU(**{**BIASED, "b_r": [0.5, -0.5], "a_h": [2.0, 3.0]})
    C = np.array([0.3, 0.5])
    got = model.rho(C)
    for i, (b_r, a_h) in enumerate(((0.5, 2.0), (-0.5, 3.0))):
        one = rg.GRU(**{**BIASED, "b_r": b_r, "a_h": a_h}).rho(C[i])
        assert type(one) is float
        np.testing.assert_allclose(got[i], one, rtol=1e-13)


LEVELS = [
    {},
    {"b_h": 0.0},
    {"b_h": 0.0, "v_h": 0.0},
    {"v_h": 0.0},
    {"a_r": 0.0},
    {"a_r": 0.0, "v_r": 0.0},
    {"b_h": 0.0, "v_h": 0.0, "v_r": 0.0, "a_r": 100.0},
    {"activation": "hardtanh"},
    {"activation": "hardtanh", "b_h": 0.0, "v_h": 0.0},
]


@pytest.mark.parametrize("changes", LEVELS, ids=str)
@pytest.mark.parametrize("u", [1e-6, 0.03, 0.8, 50.0])
def test_a_level_crossing_is_a_fixed_point(changes, u):
    """At a_h = e^{H/2} the value C is a fixed point, and u is the variance of y beyond v_h."""
    model = rg.GRU(**{**BIASED, **changes})
    H, _, C = model.fixed_point_level(np.log(u))
    crossing = model.replace(a_h=float(np.exp(0.5 * H)))
    np.testing.assert_allclose(crossing.fixed_point_map(C), C, rtol=2e-12)
    np.testing.assert_allclose(crossing.input_variance(C), u + crossing.v_h, rtol=2e-12)


@pytest.mark.parametrize("changes", LEVELS, ids=str)
def test_the_level_does_not_know_a_h(changes):
    model = rg.GRU(**{**BIASED, **changes})
    t = np.array([-3.0, 1.0])
    for one, other in zip(
        model.fixed_point_level(t), model.replace(a_h=9).fixed_point_level(t), strict=True
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("changes", LEVELS, ids=str)
def test_slope_of_the_level(changes):
    model = rg.GRU(**{**BIASED, **changes})
    t, d = np.linspace(-6, 6, 25), 1e-4
    H = [model.fixed_point_level(t + k * d)[0] for k in (-2, -1, 1, 2)]
    numerical = (H[0] - 8 * H[1] + 8 * H[2] - H[3]) / (12 * d)
    np.testing.assert_allclose(model.fixed_point_level(t)[1], numerical, rtol=0, atol=2e-9)


def test_level_at_small_variance_is_the_expansion_131():
    """To first order (131) reads H = 2 log a_h = log 4 + (2 − a_r²/4) C, with C = u."""
    model, u = rg.GRU(a_h=1, a_r=3), np.array([1e-14, 1e-11, 1e-8])
    H, slope, C = model.fixed_point_level(np.log(u))
    np.testing.assert_allclose(C, u, rtol=3e-8)
    np.testing.assert_allclose(H, np.log(4) - C / 4, rtol=0, atol=2e-15)
    np.testing.assert_allclose(slope / u, -1 / 4, rtol=2e-6)


def test_slope_with_biases_mixed_in_an_array():
    model = rg.GRU(a_h=1, a_r=2, b_h=np.array([0.0, 0.7]), v_h=0.3)
    t = np.full(2, 0.4)
    together = model.fixed_point_level(t)
    for i, b_h in enumerate((0.0, 0.7)):
        alone = rg.GRU(a_h=1, a_r=2, b_h=b_h, v_h=0.3).fixed_point_level(0.4)
        np.testing.assert_allclose([x[i] for x in together], alone, rtol=1e-13)


@pytest.mark.parametrize(
    "parameters, inner",
    [
        ({}, 1.0),
        ({"a_r": 3}, 0.1),
        ({"v_h": 0.2}, 0.2),
        ({"b_h": -0.1}, 0.01),
        ({"b_h": 0.1, "v_h": 0.5}, 0.5),
        ({"v_h": 7}, 1.0),
        ({"v_r": 0.25}, 0.25),
        ({"v_r": 5}, 1.0),
        ({"a_r": 3, "v_h": 0.04, "v_r": 0.5}, 0.02),
    ],
    ids=str,
)
def test_below_the_inner_scale_the_level_has_no_structure(parameters, inner):
    low, high = rg.GRU(a_h=5, **parameters).level_bounds()
    np.testing.assert_allclose(np.exp(low), 1e-3 * inner, rtol=1e-13)
    assert np.exp(high) == pytest.approx(25)


# -- the spectrum -------------------------------------------------------------------------------
EXCESS = ConditionalMoment(-0.2, 1.9, np.array([0.2, -0.05, 0.03, 0.01]))


@pytest.mark.parametrize("a_z", [1.7, 1.0])
def test_pole_term_of_a_time_dependent_state(a_z):
    model, C = rg.GRU(**{**BIASED, "a_z": a_z}), 0.4
    (term,) = model.pole_terms(C, EXCESS)
    assert term.mean == model.b_z
    np.testing.assert_allclose(term.variance, a_z**2 * C + 0.4, rtol=1e-15)
    x = np.array([-6.0, -1.0, 0.3, 4.0])
    exact = model.rho(C) ** 2 + a_z**2 * sigma(x) ** 2 * EXCESS(x)
    np.testing.assert_allclose(term.q(x), exact, rtol=1e-14)
    # analytic: the complex step gives the derivative, Cauchy–Riemann the rest
    np.testing.assert_allclose(term.dq(x), term.q(x + 1e-30j).imag / 1e-30, rtol=1e-12)
    w, d = np.array([0.4 + 2j, -3 - 1.5j, 1 + 0.1j]), 1e-5
    for direction in (d, 1j * d):
        numerical = (term.q(w + direction) - term.q(w - direction)) / (2 * direction)
        np.testing.assert_allclose(term.dq(w), numerical, rtol=1e-7)


@pytest.mark.parametrize("moment, a_z", [(None, 1.7), (EXCESS, 0.0), (None, 0.0)])
def test_pole_term_without_excess_is_rho_squared(moment, a_z):
    model = rg.GRU(**{**BIASED, "a_z": a_z})
    (term,) = model.pole_terms(0.4, moment)
    assert term.mean == model.b_z
    np.testing.assert_allclose(term.variance, a_z**2 * 0.4 + 0.4, rtol=1e-15)
    x = np.array([-1.0, 2.0])
    np.testing.assert_allclose(term.q(x), np.full(2, model.rho(0.4) ** 2), rtol=1e-15)
    np.testing.assert_array_equal(term.dq(x), [0, 0])


@pytest.mark.parametrize("activation", ["tanh", "hardtanh"])
def test_poles_of_a_sample_are_the_criterions(activation):
    """Entry by entry, |Ĉ X⁻¹ B̂|² of the blocks."""
    model = rg.GRU(**BIASED, activation=activation)
    inputs, h = draw(40, seed=2)
    unit = model.unit(inputs, h, np.random.default_rng(3).uniform(size=40))
    moving, constant = model.criterion_poles(unit)
    np.testing.assert_allclose(moving.pole, sigma(inputs["zeta"]), rtol=1e-14)
    np.testing.assert_allclose(moving.complement, 1 - moving.pole, rtol=1e-13)
    assert constant.pole is None
    for lam in (1.3 + 0.2j, -0.4, 0.5 + 0.01j):
        M = np.zeros((3, 3))
        for (k, l), entry in moving.entries.items():
            M[k, l] += unit.weights @ (entry / abs(lam - moving.pole) ** 2)
        for (k, l), entry in constant.entries.items():
            M[k, l] += unit.weights @ entry
        exact = criterion_matrix(unit, lam) / model.gains()[:, None] ** 2
        np.testing.assert_allclose(M, exact, rtol=1e-12)


def test_averages_of_a_state_and_of_a_sample():
    """One-unit averages: quadrature at C, and means over a weighted sample, by the same names."""
    model, C = rg.GRU(**BIASED), 0.4
    W = 16 * C + 0.2
    r2 = average(lambda x: sigma(x) ** 2, 0.5, W)
    slope = average(lambda y: np.cosh(y) ** -4.0, 0.3, 6.25 * C * r2 + 0.1)
    names = ["C_h(0)", "E[φ'²]", "C_r(0)", "E[(h−φ)²]"]
    got = model.averages(C, EXCESS)
    assert list(got) == names
    np.testing.assert_allclose(list(got.values()), [C, slope, r2, 0.2], rtol=1e-11)
    assert model.averages(C)["E[(h−φ)²]"] == 0 and type(got["E[φ'²]"]) is float
    inputs, h = draw(30, seed=4)
    w = np.random.default_rng(5).uniform(size=30)
    unit = model.unit(inputs, h, w)
    w = w / w.sum()
    y, r = inputs["y"], sigma(inputs["xi"])
    exact = [w @ h**2, w @ np.cosh(y) ** -4.0, w @ r**2, w @ (h - np.tanh(y)) ** 2]
    assert list(unit.averages()) == names
    np.testing.assert_allclose(list(unit.averages().values()), exact, rtol=1e-13)


def test_zero_bias():
    for changes, zero in (({}, True), ({"b_h": 0.1}, False), ({"v_h": 0.1}, False)):
        assert rg.GRU(a_h=1, b_z=1, v_z=1, b_r=1, v_r=1, **changes).zero_bias is zero
    arrays = rg.GRU(a_h=1, b_h=[0.0, 0.1, 0.0], v_h=[0.0, 0.0, 0.2])
    assert arrays.zero_bias.tolist() == [True, False, False]
