"""Numbers of the GRU with the reset gate after the matrix, which no paper has.

§ is a section of THEORY.md; its values come from two independent derivations and codes. Others are
from 25-digit sums or from simulated networks: never from this library.
"""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

import rmt_gates as rg
from rmt_gates.spectra.criterion import perron_root


def after(**parameters):
    return rg.GRU(reset="after", **parameters)


def roots(**parameters):
    return rg.fixed_points(after(**parameters))


def sigma(x):
    return 1 / (1 + np.exp(-x))


# -- fixed points (§2.2) and ρ (§4) ---------------------------------------------------------------
@pytest.mark.parametrize(
    "a_h, a_r, C, rho",
    [
        (3, 10, [0.2839013521], [1.46501913]),
        (3, 1, [0.3353362845], [1.09016411]),
        (1.8, 20, [0.0043878638, 0.0826284481], [1.10189783, 1.37545083]),
        (1.8, 10, [], []),
    ],
)
def test_reference_fixed_points(a_h, a_r, C, rho):
    points = roots(a_h=a_h, a_r=a_r)
    np.testing.assert_allclose(points.C_h, [0, *C], rtol=0, atol=5.1e-11)
    np.testing.assert_allclose(points.rho, [a_h / 2, *rho], rtol=0, atol=5.1e-9)
    assert points.stable.tolist() == [a_h < 2] + [False] * len(C)
    assert np.all(points.residual <= 1e-14 * points.C_h)


@pytest.mark.parametrize(
    "parameters, C, rho",
    [
        (
            {"a_r": 4, "b_r": 0.5, "b_h": 0.3, "v_h": 0.1, "v_r": 0.2, "b_u": -0.7, "v_u": 0.3},
            0.37806704251142832,
            1.14041255860374501,
        ),
        ({"a_h": 2, "a_r": 1.5, "b_h": -0.4, "b_u": 0.6, "v_r": 0.1}, 0.0982092345806566, None),
    ],
    ids=str,
)
def test_biased_fixed_points(parameters, C, rho):
    """Trapezoidal sums over ξ and y in 25-digit arithmetic."""
    points = roots(**{"a_h": 2.5, **parameters})
    np.testing.assert_allclose(points.C_h, [C], rtol=2e-14)
    if rho is not None:
        assert points.rho[0] == pytest.approx(rho, rel=2e-14)


def test_no_root_is_missed_at_a_fold():
    """The fold from direct quadrature, max_C F(C)/C = 1: two roots on one side of it, none else."""

    def highest(a_r):
        model = after(a_h=1.8, a_r=a_r)
        best = minimize_scalar(
            lambda t: -np.log(model.fixed_point_map(np.exp(t))) + t,
            bounds=(-6, -1.5),
            method="bounded",
            options={"xatol": 1e-9},
        )
        return -best.fun

    fold = brentq(highest, 10.5, 19, xtol=1e-12)
    points = roots(a_h=1.8, a_r=fold * np.array([1 - 1e-10, 1 + 1e-10]))
    assert points.count.tolist() == [1, 3]
    low, high = points.C_h[1, 1:]
    assert 0 < high - low < 1e-4 * low


@pytest.mark.parametrize("a_r", [1e2, 1e4, 1e6])
def test_roots_on_the_scale_of_a_sharp_gate(a_r):
    """At a_h = 1.8: E r² rises from 1/4 to 1/2 at C ~ 1/a_r², 1.8² E r² = 1 is on the way."""
    points = roots(a_h=1.8, a_r=a_r)
    assert points.count == 3
    x = np.linspace(-9, 9, 2001)
    w = np.exp(-0.5 * x * x) / np.exp(-0.5 * x * x).sum()
    W = brentq(lambda W: 1.8**2 * w @ sigma(np.sqrt(W) * x) ** 2 - 1, 0.1, 10)
    assert points.C_h[1] * a_r**2 == pytest.approx(W, rel=60 / a_r**2 + 1e-9)


@pytest.mark.parametrize("b_r", [-2.0, 0.0, 1.5])
def test_zero_loses_stability_at_one_plus_exp_minus_b_r(b_r):
    critical = 1 + np.exp(-b_r)
    points = roots(a_h=critical * np.array([1 - 1e-12, 1 + 1e-12]), b_r=b_r)
    assert points.stable[:, 0].tolist() == [True, False]
    assert points.count.tolist() == [1, 2]


@pytest.mark.parametrize("name, share", [("v_u", 0.5), ("v_h", 1.0)])
@pytest.mark.parametrize("activation, slopes", [("tanh", 2.0), ("hardtanh", 4 / 3)])
def test_a_bias_of_the_largest_variance(name, share, activation, slopes):
    """Var y = V = 10¹² E[r²]: 1 − C = E[1−φ²] = ∫(1−φ²)dy / √(2πV), and nothing overflows."""
    points = roots(a_h=3, activation=activation, **{name: 1e12})
    assert points.count == 1
    missing = slopes / (np.sqrt(2 * np.pi) * share * 1e6)
    assert 1 - points.C_h[0] == pytest.approx(missing, rel=1e-7)


# -- small C: the same as reset before to O(C²) (§2.2, §7) ----------------------------------------
@pytest.mark.parametrize("a_h, a_r", [(2.0, 1.0), (1.5, 4.0), (3.0, 0.0), (2.5, 3.0)])
def test_expansion_to_second_order(a_h, a_r):
    """F(C)/C = a²/4 + (a²/16)(a_r² − 2a²) C + O(C²), of which only the rest differs."""
    C = np.array([1e-3, 5e-4])
    series = a_h**2 / 4 + a_h**2 / 16 * (a_r**2 - 2 * a_h**2) * C
    rest = after(a_h=a_h, a_r=a_r).fixed_point_map(C) / C - series
    assert rest[0] / rest[1] == pytest.approx(4, rel=0.05)
    difference = after(a_h=a_h, a_r=a_r).fixed_point_map(C)
    difference -= rg.GRU(a_h=a_h, a_r=a_r).fixed_point_map(C)
    if a_r == 0:
        np.testing.assert_allclose(difference, 0, atol=1e-15)
    else:
        assert difference[0] / difference[1] == pytest.approx(8, rel=0.05)


@pytest.mark.parametrize("side, count", [(-1e-3, 1), (1e-3, 2)])
def test_tricritical_point(side, count):
    """a_r = √2 a_h at a_h = 2: from there on a non-zero root at small C coexists with zero."""
    points = roots(a_h=2, a_r=2 * np.sqrt(2) + side)
    assert points.count == count
    if count == 2:
        assert points.C_h[1] < 1e-3


def test_continuous_onset():
    """a_h = 2+ε, a_r < √2 a_h: C ≈ 4ε/(8 − a_r²), as for reset before."""
    epsilon = np.array([1e-4, 1e-5, 1e-6])
    for a_r in (0.0, 1.0, 2.5):
        relative = roots(a_h=2 + epsilon, a_r=a_r).C_h[:, 1] * (8 - a_r**2) / (4 * epsilon) - 1
        np.testing.assert_allclose(relative[:-1] / relative[1:], 10, rtol=0.02)


# -- the spectrum (§4, §6) ------------------------------------------------------------------------
@pytest.mark.parametrize(
    "parameters",
    [
        {"a_h": 3, "a_z": 1, "a_r": 10},
        {"a_h": 2.5, "a_z": 0.5, "a_r": 4, "b_h": 0.3, "v_h": 0.1, "b_u": -0.7, "b_z": 0.4},
    ],
    ids=str,
)
def test_curve_of_a_fixed_point_against_the_criterion_on_its_sample(parameters):
    """On the curve the Perron root of the sample is 1, up to the sample's noise."""
    point = roots(**parameters)[-1]
    curve = rg.spectral_curve(point)
    resolved = curve.y > 0.2  # closer to the gate's values the sample is sparse
    assert resolved.sum() >= 10
    lam = (curve.x + 1j * curve.y)[resolved][:: max(1, resolved.sum() // 10)]
    found = [perron_root(point.unit, z).root for z in lam]
    np.testing.assert_allclose(found, 1, atol=0.02)


# -- the steady state -----------------------------------------------------------------------------
def test_constant_gate_state():
    """(3, 0, 10): four networks of N = 1000 have C_h(0) = 0.206 ± 0.001."""
    state = rg.steady_state(after(a_h=3, a_r=10))
    assert state.kind == "chaotic" and state.converged and state.C_h0_error == 0
    assert state.C_h0 == pytest.approx(0.2063, abs=3 * 0.0013)
    # the recursion it solves, with C_φ from lag to lag
    C, s = state.C_h, 0.5
    C_phi = state.model.phi_kernel(C)
    left = (1 + s**2) * C[1:-1] - s * (C[:-2] + C[2:])
    np.testing.assert_allclose(left, (1 - s) ** 2 * C_phi[1:-1], rtol=0, atol=1e-13)


def test_both_routes_at_a_nearly_constant_gate():
    exact = rg.steady_state(after(a_h=3, a_r=10)).C_h0
    sampled = rg.steady_state(after(a_h=3, a_r=10, a_z=1e-3), rng=0, rtol=1e-2)
    assert 0 < sampled.C_h0_error < 0.01 * exact
    assert abs(sampled.C_h0 - exact) < 4 * sampled.C_h0_error + 1e-5


def test_sampled_state():
    """(3, 1, 10): five networks of N = 1000 have C_h(0) = 0.2039 ± 0.0010."""
    model = after(a_h=3, a_z=1, a_r=10)
    state = rg.steady_state(model, rng=0, rtol=1e-2)
    assert state.kind == "chaotic" and state.converged
    assert state.C_h0 == pytest.approx(0.2039, abs=3 * 0.0010)
    unit = state.unit
    y = model.phi_argument(unit.inputs)
    samples = {
        "C_h(0)": unit["h"] ** 2,
        "E[φ'²]": np.cosh(y) ** -4.0,
        "C_r(0)": sigma(unit["xi"]) ** 2,
        "E[(h−φ)²]": (unit["h"] - np.tanh(y)) ** 2,
    }
    found = unit.averages()
    for name, (value, error) in state.averages.items():
        spread = np.hypot(samples[name].std() / np.sqrt(len(unit)), error)
        assert abs(found[name] - value) < 4 * spread, name
