"""E[φ(y)φ(y')] at two times against grid sums, its limits, and what it is used for."""

import numpy as np
import pytest
from scipy.special import expit

import rmt_gates as rg
from rmt_gates.architectures.reset_kernel import PairAverage, interpolated
from rmt_gates.gaussian import HARDTANH, TANH, expect_pair, phi

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
SHARP = {"a_h": 3.0, "a_r": 10.0}


def after(**parameters):
    return rg.GRU(reset="after", **parameters)


def grid(n, reach=7.5):
    x = np.linspace(-reach, reach, n)
    w = np.exp(-0.5 * x * x)
    return x, w / w.sum()


def grid_sum(model, C, c, n):
    """E_s[E_e φ E_e φ'] over shared and private parts of ξ and u (b is shared), all on grids."""
    nodes = {}
    for name, a, mean, v in (
        ("xi", model.a_r, model.b_r, model.v_r),
        ("u", model.a_h, model.b_u, model.v_u),
    ):
        total, shared = a**2 * C + v, a**2 * c + v
        s, w = grid(n[name])
        e, w_e = grid(n[name] if abs(shared) < total else 1, 7.5 if abs(shared) < total else 0)
        private = np.sqrt(total - abs(shared)) * e
        nodes[name] = mean, np.sqrt(abs(shared)) * s, np.sign(shared) or 1.0, private, w, w_e
    b, w_b = grid(n["b"] if model.v_h else 1, 7.5 if model.v_h else 0)
    b = model.b_h + np.sqrt(model.v_h) * b

    def averaged(i, second):
        """E_e φ at one shared ξ and all shared u and b, (u, b)."""
        mean, common, sign, private, _, w = nodes["xi"]
        r = expit(mean + (sign if second else 1.0) * common[i] + private)
        mean, common, sign, private, _, w_u = nodes["u"]
        u = mean + (sign if second else 1.0) * common[:, None] + private
        y = np.einsum("k,ij->ikj", r, u)[:, :, None, :] + b[:, None]
        return np.einsum("ikbj,k,j->ib", np.tanh(y), w, w_u)

    *_, w_xi, _ = nodes["xi"]
    *_, w_u, _ = nodes["u"]
    total = 0.0
    for i, weight in enumerate(w_xi):
        total += weight * w_u @ (averaged(i, False) * averaged(i, True)) @ w_b
    return total


@pytest.mark.parametrize(
    "changes, fraction",
    [
        ({}, 0.4),
        ({"b_r": -1.5, "b_u": 1.0}, -0.5),
        *(({"v_h": 0}, fraction) for fraction in (0.9, 0.4, 0.0, -0.5, -0.98)),
    ],
    ids=str,
)
def test_against_grid_sums(changes, fraction):
    model, C = after(**{**BIASED, **changes}), 0.4
    exact = grid_sum(model, C, fraction * C, {"xi": 43, "u": 43, "b": 21})
    got = model.phi_kernel(np.array([C, fraction * C, 0.3 * C]))[1]
    assert got == pytest.approx(exact, abs=2e-12)


@pytest.mark.parametrize("fraction", [0.5, -0.4])
def test_a_sharp_gate_against_grid_sums(fraction):
    model, C = after(**SHARP), 0.28
    exact = grid_sum(model, C, fraction * C, {"xi": 151, "u": 61, "b": 1})
    for tolerance in (1e-8, 1e-13):
        got = model.phi_kernel(np.array([C, fraction * C]), tolerance)[1]
        assert got == pytest.approx(exact, abs=max(tolerance * C, 1e-12))


@pytest.mark.parametrize("fraction", [0.95, 0.3, -0.6])
def test_the_limit_of_a_step_gate(fraction):
    """a_r = 10⁶: r is 0 or 1, both are 1 with probability 1/4 + arcsin(c/C)/2π."""
    model, C = after(a_h=3, a_r=1e6), 0.3
    f = phi(TANH)
    open_gate = expect_pair(f, f, 0, 9 * C, 0, 9 * C, 9 * C * fraction)
    exact = open_gate * (0.25 + np.arcsin(fraction) / (2 * np.pi))
    got = model.phi_kernel(C * np.array([1.0, fraction]), 1e-8)[1]
    assert got == pytest.approx(exact, rel=1e-5)


MODELS = [
    BIASED,
    SHARP,
    {"a_h": 3, "a_r": 1},
    {"a_h": 3, "a_r": 1e3},
    {"a_h": 3, "a_r": 10, "b_r": -5},
    {"a_h": 2, "a_r": 0.3, "b_r": -9},
    {"a_h": 40, "a_r": 10},
    {"a_h": 12, "a_r": 2, "b_h": 0.5, "b_u": -3},
]


@pytest.mark.parametrize("parameters", MODELS, ids=str)
def test_at_lag_zero_it_is_the_fixed_point_map(parameters):
    """Two routes: quadrature over ξ and y, and expansions in r and Hermite functions."""
    for C in (1e-3, 0.3):
        kernel = C * np.array([1.0, 0.7, 0.2])
        for activation in ("tanh", "hardtanh"):
            model = after(**parameters, activation=activation)
            exact = model.fixed_point_map(C)
            # the sharper the kinks in r, the larger the error: see KINKED_POLYNOMIALS
            kinked = 5e-7 if activation == "hardtanh" else 0
            for tolerance in (1e-8, 1e-13):
                got = model.phi_kernel(kernel, tolerance)
                assert got[0] == pytest.approx(exact, rel=max(tolerance, kinked, 2e-13))
            single = model.phi_kernel(np.array([C]))
            np.testing.assert_allclose(single, [got[0]], rtol=max(kinked, 2e-13))


@pytest.mark.parametrize("a_r, error", [(1.0, 1e-7), (10.0, 1e-7), (1e3, 1e-4)])
def test_the_slope_at_lag_zero_is_rho_squared(a_r, error):
    """Price's theorem: d/dc E[φφ'] = E[φ'φ'(a_h² r r' + a_r² u u' σ'σ')]."""
    model, C = after(a_h=3, a_r=a_r), 0.3
    pair = PairAverage(model, C, 1e-13)
    step = C * np.array([1e-4, 2e-4]) / (1 + a_r**2)
    one, two = (pair(np.array([C])) - pair(C - step)) / step
    assert 2 * one - two == pytest.approx(model.rho(C) ** 2, rel=error)


@pytest.mark.parametrize("parameters", [BIASED, SHARP, {"a_h": 3, "a_r": 1e3}], ids=str)
def test_interpolation_over_many_lags(parameters):
    """Every lag of a kernel with both signs is what the average gives at its c alone."""
    k = np.arange(60)
    C = 0.3 * np.exp(-k / 9) * np.cos(k / 5)
    for activation in ("tanh", "hardtanh"):
        model = after(**parameters, activation=activation)
        for tolerance in (1e-8, 1e-13):
            exact = PairAverage(model, C[0], tolerance)(C)
            bound = tolerance if activation == "tanh" else 1e-7
            got = model.phi_kernel(C, tolerance)
            np.testing.assert_allclose(got, exact, rtol=0, atol=max(bound, 1e-13) * exact[0])


def test_all_the_way_to_opposite_values():
    C = 0.3 * np.array([1.0, -0.2, -0.9, -0.999, -1.0])
    for parameters in (SHARP, {"a_h": 3, "a_r": 1e3}):
        model = after(**parameters)
        exact = PairAverage(model, 0.3, 1e-13)(C)
        np.testing.assert_allclose(model.phi_kernel(C), exact, rtol=0, atol=3e-13)
        # u changes sign with h, r does not: less than −E φ² unless the gate is a constant
        assert -exact[0] < exact[-1] < 0


@pytest.mark.parametrize("fraction", [0.6, -0.8])
def test_hard_tanh_against_the_general_average(fraction):
    """Gauss–Hermite sums over a narrow (ξ, ξ') of E φφ' given (r, r')."""
    model, C = after(**{**BIASED, "a_r": 0.4, "v_r": 0, "activation": "hardtanh"}), 0.4
    x, w = np.polynomial.hermite_e.hermegauss(9)
    w = w / w.sum()
    xi = 0.5 + 0.4 * np.sqrt(C) * x[:, None]
    other = 0.5 + 0.4 * np.sqrt(C) * (fraction * x[:, None] + np.sqrt(1 - fraction**2) * x)
    r, r2 = expit(xi), expit(other)
    V, U, c = 4 * C + 0.3, 4 * fraction * C + 0.3, phi(HARDTANH)
    m, m2 = 0.3 - 0.7 * r, 0.3 - 0.7 * r2
    pair = expect_pair(c, c, m, r * r * V + 0.1, m2, r2 * r2 * V + 0.1, r * r2 * U + 0.1)
    got = model.phi_kernel(C * np.array([1.0, fraction]))[1]
    assert got == pytest.approx(w @ pair @ w, abs=1e-8)


def test_hard_tanh_converges_to_itself():
    """The error of 1e-7 that the docstring admits, against three times as many polynomials."""
    import rmt_gates.architectures.reset_kernel as module

    C = 0.3
    c = C * np.array([1.0, 0.9999, 0.9, 0.4, -0.5])
    for parameters in (BIASED, SHARP, {"a_h": 3, "a_r": 1e3}):
        model = after(**parameters, activation="hardtanh")
        got = PairAverage(model, C, 1e-8)(c)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "KINKED_POLYNOMIALS", 144)
            finer = PairAverage(model, C, 1e-13)(c)
        np.testing.assert_allclose(got, finer, rtol=0, atol=2e-7 * finer[0])
        assert finer[0] == pytest.approx(model.fixed_point_map(C), rel=1e-8)


def test_kinks_fix_the_number_of_covariances(monkeypatch):
    """It follows from the width of the end alone, so that the kernel is smooth in C_h(0)."""
    import rmt_gates.architectures.reset_kernel as module

    used = []

    def recorded(function, t, tolerance, sizes):
        used.append(sizes)
        return interpolated(function, t, tolerance, sizes)

    monkeypatch.setattr(module, "interpolated", recorded)
    C = 0.3 * np.array([1.0, 0.5, 0.1])
    for activation in ("hardtanh", "tanh"):
        for a_r in (10.0, 1e3):
            after(a_h=3, a_r=a_r, activation=activation).phi_kernel(C, 1e-8)
    assert used == [(17,), (33,), module.COVARIANCES, module.COVARIANCES]


def test_without_a_gate_it_is_the_reset_before_kernel():
    """a_r = v_r = 0: y is Gaussian, of mean r b_u + b_h and covariance r²(a_h² C + v_u) + v_h."""
    C = 0.4 * 0.8 ** np.arange(12)
    r = expit(0.5)
    for activation in ("tanh", "hardtanh"):
        parameters = {**BIASED, "a_r": 0, "v_r": 0, "activation": activation}
        before = rg.GRU(
            a_h=2.0,
            b_r=0.5,
            b_h=0.3 - 0.7 * r,
            v_h=0.1 + 0.3 * r**2,
            activation=activation,
        )
        # the kinked one is interpolated less finely in c
        tolerance = 1e-12 if activation == "tanh" else 2e-8
        got = after(**parameters).phi_kernel(C)
        np.testing.assert_allclose(got, before.phi_kernel(C), rtol=0, atol=tolerance)


def test_a_state_without_variance():
    """C_h(0) = 0: what is left of y is static."""
    model = after(**BIASED)
    got = model.phi_kernel(np.zeros(3))
    np.testing.assert_allclose(got, np.full(3, model.fixed_point_map(0.0)), rtol=1e-14)
    np.testing.assert_array_equal(after(**SHARP).phi_kernel(np.zeros(2)), [0, 0])


def test_interpolation_of_a_known_function():
    t = np.random.default_rng(0).uniform(-1, 2, 40)
    calls = []

    def function(t):
        calls.append(t.size)
        return np.exp(t) * np.cos(3 * t)

    got = interpolated(function, t, 1e-10, (5, 9, 17, 33, 65))
    np.testing.assert_allclose(got, np.exp(t) * np.cos(3 * t), rtol=0, atol=1e-10)
    assert calls == [5, 4, 8, 16]
    np.testing.assert_array_equal(
        interpolated(np.sin, np.full(3, 0.2), 1e-9, (5,)), [np.sin(0.2)] * 3
    )
