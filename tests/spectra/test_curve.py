"""The boundary as a graph: on it S = 0, its ends, its radius, its limits, and what is refused."""

import dataclasses
import re

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, ndtri
from scipy.stats import chi2

import rmt_gates as rg
from rmt_gates.mean_field.fixed_points import FixedPoint
from rmt_gates.mean_field.path_unit import path_unit
from rmt_gates.mean_field.steady_state import SteadyState
from rmt_gates.results import Status
from rmt_gates.spectra.boundary_function import BoundaryFunction
from rmt_gates.spectra.criterion import perron_root
from rmt_gates.spectra.curve import solve_height

FIXED = [
    {"a_h": 3, "a_z": 1, "a_r": 10},
    {"a_h": 3, "a_z": 20, "a_r": 2},
    {"a_h": 2.5, "a_z": 2, "a_r": 4, "b_h": 0.3, "b_z": -1, "b_r": 0.5, "v_h": 0.1, "v_z": 0.6},
    {"a_h": 6, "a_z": 0.05, "a_r": 1, "activation": "hardtanh"},
    {"a_h": 5, "v_z": 1.0, "b_z": 2.0},
]
MARGINAL = {"a_h": 1, "a_z": 3, "v_h": 0.3}


def last(**parameters):
    return rg.fixed_points(rg.GRU(**parameters))[-1]


def S_outside(x, point):
    """S on the real axis outside [0, 1], by the trapezoidal rule."""
    model = point.model
    t = np.linspace(-9.5, 9.5, 200_001)
    w = np.exp(-t * t / 2)
    z = expit(model.b_z + np.sqrt(model.a_z**2 * point.C_h + model.v_z) * t)
    return point.rho**2 * (w @ ((1 - z) / (x - z)) ** 2) / w.sum() - 1


# -- the graph ----------------------------------------------------------------------------------
@pytest.mark.parametrize("parameters", FIXED, ids=str)
def test_end_points(parameters):
    point = last(**parameters)
    curve = rg.spectral_curve(point)
    right = brentq(S_outside, 1 + 1e-9, 40, args=(point,), xtol=1e-15)
    assert curve.x[-1] == pytest.approx(right, abs=1e-12 * right)
    assert curve.radius == pytest.approx(curve.x[-1], rel=4e-16) and curve.radius > 1
    assert not curve.marginal
    assert curve.y[0] == curve.y[-1] == 0
    if S_outside(-1e-9, point) > 0:
        left = brentq(S_outside, -40, -1e-9, args=(point,), xtol=1e-15)
        assert curve.x[0] == pytest.approx(left, abs=1e-12) and curve.x[0] < 0
    else:
        assert curve.x[0] == 0


@pytest.mark.parametrize("parameters", [*FIXED, MARGINAL], ids=str)
def test_S_vanishes_on_the_graph(parameters):
    curve = rg.spectral_curve(last(**parameters))
    inner = slice(1, -1)
    assert np.all(curve.y[inner] > 0)
    residual = curve.S(curve.x[inner] + 1j * curve.y[inner])
    assert np.abs(residual[curve.y[inner] > 1e-290]).max() < 1e-8


@pytest.mark.parametrize("name", ["chaotic", "sharp"])
def test_S_vanishes_on_the_graph_of_a_steady_state(name, request):
    state = request.getfixturevalue(name)
    curve = rg.spectral_curve(state)
    assert np.abs(curve.S(curve.x[1:-1] + 1j * curve.y[1:-1])).max() < 1e-8
    for end, outwards in ((curve.x[0], -1), (curve.x[-1], 1)):
        assert curve.S(end + outwards * 1e-9) < 0 < curve.S(end - outwards * 1e-9)
        assert abs(curve.S(end + outwards * 1e-13)) < 1e-10


@pytest.mark.parametrize("parameters", [FIXED[0], FIXED[2], MARGINAL], ids=str)
@pytest.mark.parametrize("of_a_sample", [False, True])
def test_points_are_cosine_spaced(parameters, of_a_sample):
    point = last(**parameters)
    curve = rg.spectral_curve(point.unit if of_a_sample else point)
    assert len(curve.x) == len(curve.y) >= 400
    angle = np.linspace(0, np.pi, len(curve.x))
    middle, half = (curve.x[0] + curve.x[-1]) / 2, (curve.x[-1] - curve.x[0]) / 2
    np.testing.assert_allclose(curve.x, middle - half * np.cos(angle), atol=1e-13)
    assert np.all(np.diff(curve.x) > 0)


def test_contains(chaotic):
    curve = rg.spectral_curve(chaotic)
    x, y = curve.x[1:-1], curve.y[1:-1]
    for sign in (1, -1):
        assert np.all(curve.contains(x + 0.999j * sign * y))
        assert not np.any(curve.contains(x + 1.001j * sign * y))
    assert np.all(curve.contains(np.linspace(0, 1, 11)))
    assert curve.contains(curve.x[-1] - 1e-9) and not curve.contains(curve.x[-1] + 1e-9)
    assert not np.any(curve.contains([2.0, -2.0, 2j, -0.9]))
    assert curve.contains(0.5).__class__ in (bool, np.bool_)


def test_the_boundary_belongs_to_the_support():
    """Vanilla at rest, a_h = 2: S = 4/|λ|² − 1 is 0 to the last digit on the axes."""
    curve = rg.spectral_curve(rg.fixed_points(rg.Vanilla(a_h=2))[0])
    lam = np.array([2, -2, 2j, -2j])
    np.testing.assert_array_equal(curve.S(lam), 0)
    assert np.all(curve.contains(lam)) and not np.any(curve.contains(1.0000001 * lam))


def test_S_is_symmetric_and_vectorised(chaotic):
    curve = rg.spectral_curve(chaotic)
    lam = np.array([[0.3 + 0.2j, 1.2, -0.4j], [2.0 - 1j, -0.2 + 1e-9j, 0.5 + 3j]])
    S = curve.S(lam)
    assert S.shape == lam.shape and S.dtype == float
    np.testing.assert_array_equal(S, curve.S(lam.conj()))
    for i in np.ndindex(lam.shape):
        one = curve.S(lam[i])
        assert type(one) is float and one == pytest.approx(S[i], rel=1e-13)
    assert np.all(curve.S([1e-9, 0.5, 1 - 1e-9]) == np.inf)
    for end, beside in ((0.0, -1e-9), (1.0, 1 + 1e-9)):  # no density there: S is continuous
        assert curve.S(end) == pytest.approx(curve.S(beside), rel=1e-5)
    assert curve.S(1e6) == pytest.approx(-1, abs=1e-11)
    # at fixed Re λ, S falls with |Im λ|
    assert np.all(np.diff(curve.S(0.3 + 1j * np.geomspace(1e-6, 10, 50))) < 0)


def test_the_disc_of_largest_modulus(chaotic):
    curve = rg.spectral_curve(chaotic)
    assert np.hypot(curve.x, curve.y).max() <= curve.radius * (1 + 1e-12)
    assert rg.spectral_radius(chaotic) == curve.radius and type(curve.radius) is float


def test_thin_lens_beyond_floating_point():
    """a_z small, z near ½: far from its gate the lens is e^{−10⁴} thin, and is taken as 0."""
    curve = rg.spectral_curve(last(a_h=1.0, v_h=0.3, a_z=1e-3))
    assert curve.marginal and curve.x[0] == 0 and curve.x[-1] == 1
    middle = np.abs(curve.x - 0.5) < 0.01
    assert np.all(curve.y[middle] > 0.1) and np.all(curve.y >= 0)
    point = last(a_h=1.0, v_h=0.3)
    circle = rg.spectral_curve(point)
    R = circle.radius - 0.5
    expected = np.sqrt(np.maximum(R**2 - (curve.x - 0.5) ** 2, 0))
    np.testing.assert_allclose(curve.y, expected, atol=3e-3)


def test_lens_near_one():
    """y ≈ πρ²(1−x)² p_z(x) as x → 1 at a marginal fixed point."""
    point = last(**MARGINAL)
    curve = rg.spectral_curve(point)
    near = (curve.x > 0.99) & (curve.x < 1)
    assert near.sum() > 10
    x, u, V = curve.x[near], 1 - curve.x[near], 9 * point.C_h
    logit = np.log(x) - np.log(u)
    p_z = np.exp(-(logit**2) / (2 * V)) / np.sqrt(2 * np.pi * V) / (x * u)
    np.testing.assert_allclose(curve.y[near], np.pi * point.rho**2 * u**2 * p_z, rtol=0.25)
    far = slice(-5, -1)
    ratio = curve.y[far] / (np.pi * point.rho**2 * u[-4:] ** 2 * p_z[-4:])
    assert np.ptp(ratio) < 0.01  # what is left is S+1 of the other units, a constant


def test_height_where_there_is_none():
    """Outside [0, 1] with S(x) ≤ 0 the height is 0, and no point disturbs another."""
    boundary = BoundaryFunction(last(**FIXED[0]).model.pole_terms(0.2))
    x = np.array([-3.0, 0.2, 0.9, 4.0, 0.5, 0.0, 1.0])  # the ends of the gate's segment too
    y = solve_height(boundary, x, 1 - x)
    assert y[0] == y[3] == 0 and np.all(y[[1, 2, 4, 5, 6]] > 0)
    np.testing.assert_allclose(boundary.plus_one(x[y > 0], 1 - x[y > 0], y[y > 0])[0], 1, rtol=1e-9)
    for i in range(7):
        alone = solve_height(boundary, x[i : i + 1], 1 - x[i : i + 1])
        np.testing.assert_allclose(y[i], alone[0], rtol=1e-12)


def test_heights_far_below_one():
    """Gates that leave 1e-8 of the state: still a circle of radius (1−s)ρ (23)."""
    boundary = BoundaryFunction(rg.GRU(a_h=3, b_z=18, v_z=1e-6).pole_terms(0.0))
    leak, angle = expit(-18), np.linspace(0.3, 2.8, 9)
    R = 1.5 * leak
    u = leak - R * np.cos(angle)
    np.testing.assert_allclose(solve_height(boundary, 1 - u, u), R * np.sin(angle), rtol=1e-3)


# -- closed forms -------------------------------------------------------------------------------
@pytest.mark.parametrize("b_z", [-1.0, 0.4])
def test_constant_gate_circle_23(b_z):
    """Centre σ(b_z), radius (1−σ(b_z))ρ, for fixed points and for the steady state."""
    model = rg.GRU(a_h=3, a_r=5, b_z=b_z, v_h=0.2, v_r=0.3)
    s = expit(b_z)
    for state, C in ((rg.fixed_points(model)[0], None), (rg.steady_state(model), None)):
        C = np.ravel(state.C_h)[0]
        R = (1 - s) * model.rho(C)
        curve = rg.spectral_curve(state)
        np.testing.assert_allclose(np.hypot(curve.x - s, curve.y), R, rtol=1e-13)
        assert curve.x[0] == pytest.approx(s - R) and curve.x[-1] == pytest.approx(s + R)
        assert curve.y[0] == curve.y[-1] == 0 and np.all(curve.y >= 0)
        np.testing.assert_allclose(curve.x, s - R * np.cos(np.linspace(0, np.pi, 401)), atol=1e-13)
        assert curve.radius == pytest.approx(s + R, rel=1e-14)
        assert not curve.marginal and curve.radius_error == 0
        assert curve.S(s) == np.inf or curve.S(s) > 1e20
        lam = s + 1.3 * R * np.exp(1j * np.linspace(0, 6, 5))
        np.testing.assert_allclose(curve.S(lam), 1.3**-2 - 1, rtol=1e-12)


def test_steady_state_and_fixed_point_have_different_radii():
    model = rg.GRU(a_h=3, a_r=10)
    steady, point = rg.steady_state(model), rg.fixed_points(model)[1]
    assert rg.spectral_radius(point) == pytest.approx(point.spectral_radius, rel=1e-14)
    assert rg.spectral_radius(steady) == pytest.approx(0.5 + 0.5 * model.rho(steady.C_h0))
    assert abs(rg.spectral_radius(steady) - rg.spectral_radius(point)) > 0.01


@pytest.mark.parametrize("changes, s", [({"v_z": 0.5}, None), ({"v_r": 2.0}, 0.5)])
def test_zero_state_with_disordered_gates(changes, s):
    """Not the disc of (20): with v_r the circle has a_h √E[r²], with v_z it is no circle."""
    point = rg.fixed_points(rg.GRU(a_h=3, **changes))[0]
    curve = rg.spectral_curve(point)
    if s is None:
        distance = np.hypot(curve.x - 0.5, curve.y)[1:-1]
        assert np.ptp(distance) > 0.05
        assert curve.x[-1] == pytest.approx(
            brentq(S_outside, 1 + 1e-9, 9, args=(point,), xtol=1e-15), abs=1e-12
        )
    else:
        t = np.linspace(-9, 9, 4001)
        w = np.exp(-t * t / 2)
        r2 = w @ expit(np.sqrt(2) * t) ** 2 / w.sum()
        np.testing.assert_allclose(
            np.hypot(curve.x - 0.5, curve.y), 0.5 * 3 * np.sqrt(r2), rtol=1e-12
        )


# -- the radius ---------------------------------------------------------------------------------
def test_marginal():
    point = last(**MARGINAL)
    curve = rg.spectral_curve(point)
    assert point.stable and curve.marginal and curve.radius == 1 == point.spectral_radius
    assert curve.x[0] <= 0 and curve.x[-1] == 1
    unstable = rg.spectral_curve(last(a_h=3, a_z=3))
    assert not unstable.marginal and unstable.radius > 1


def test_radius_at():
    """The larger of the outermost x with S(x + i/N) = 0 and the gate's 1 − 1/N quantile."""
    for parameters in (MARGINAL, {"a_h": 1.5, "v_z": 1}, FIXED[0], FIXED[2]):
        point = last(**parameters)
        curve = rg.spectral_curve(point)
        V = point.model.a_z**2 * point.C_h + point.model.v_z
        for N in (1, 2, 50, 1000, np.int64(10**6)):
            quantile = expit(point.model.b_z + np.sqrt(V) * ndtri(1 - 1 / N))
            x = np.linspace(-1, curve.radius + 1, 40_001)
            crossing = np.flatnonzero(curve.S(x + 1j / N) > 0)
            edge = x[crossing[-1]] if len(crossing) else -np.inf
            got = curve.radius_at(N)
            assert got == pytest.approx(max(edge, quantile), abs=1.1e-4)
            if got > quantile:
                assert abs(curve.S(got + 1j / N)) < 1e-9
    assert curve.radius_at(10**9) <= curve.radius


def test_radius_at_of_an_unstable_state_tends_to_the_radius():
    curve = rg.spectral_curve(last(**FIXED[0]))
    distance = [curve.radius - curve.radius_at(N) for N in (100, 1000)]
    assert 0 < distance[1] < distance[0] < 1e-3
    assert distance[0] / distance[1] == pytest.approx(100, rel=0.05)  # a smooth edge: 1/N²


@pytest.mark.parametrize("a_h, v_z", [(1.8, 0.01), (4, 0.01), (4, 1.0)])
def test_radius_at_of_slow_gates(a_h, v_z):
    """Where 1−z ~ 1e-4 the whole bulge fits between two points of a uniform grid."""
    point = last(a_h=a_h, v_z=v_z, b_z=9)
    curve = rg.spectral_curve(point)
    for N in (10**5, 10**6):
        got = curve.radius_at(N)
        assert expit(9 + np.sqrt(v_z) * ndtri(1 - 1 / N)) < got < curve.radius
        assert abs(curve.S(got + 1j / N)) < 1e-8
        assert np.all(curve.S(got + np.geomspace(1e-9, 1, 200) + 1j / N) < 0)


@pytest.mark.parametrize("parameters", [{"a_h": 3, "b_z": 1.0}, {"a_h": 1, "b_z": -2}])
def test_radius_at_of_a_constant_gate(parameters):
    """No quantile, and where the circle is lower than 1/N nothing."""
    curve = rg.spectral_curve(last(**parameters))
    s = expit(parameters["b_z"])
    R = curve.radius - s
    assert curve.radius_at(100) == pytest.approx(s + np.sqrt(R**2 - 1e-4), rel=1e-10)
    small = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=0.01))[0])
    assert small.radius_at(10) == -np.inf or small.radius_at(10) <= small.radius


@pytest.mark.parametrize("N", [0, -3, 2.0, "10", None])
def test_bad_N(N):
    curve = rg.spectral_curve(last(a_h=3))
    with pytest.raises(ValueError, match=f"^N must be a positive integer, got {N!r}$"):
        curve.radius_at(N)


def test_radius_error_is_honest():
    """Over seeds the radius spreads as each curve says."""
    model = rg.GRU(a_h=3, a_z=3, a_r=10)
    curves = [rg.spectral_curve(rg.steady_state(model, rng=s, rtol=1e-2)) for s in range(8)]
    radii = np.array([c.radius for c in curves])
    reported = np.mean([c.radius_error**2 for c in curves])
    low, high = chi2.ppf([1e-3, 1 - 1e-3], 7) / 7
    assert low / 1.7 < radii.var(ddof=1) / reported < 1.7 * high
    assert np.all(np.array([c.radius_error for c in curves]) < 0.01)


def test_radius_error_is_the_replicates_standard_error(chaotic):
    curve = rg.spectral_curve(chaotic)
    radii = []
    for C, moment in chaotic.replicates:
        single = dataclasses.replace(
            chaotic, C_h=np.array([C]), C_h_error=np.zeros(1), moment=moment, replicates=()
        )
        one = rg.spectral_curve(single)
        assert one.radius_error == 0
        radii.append(one.radius)
    assert curve.radius_error == pytest.approx(np.std(radii, ddof=1) / np.sqrt(8), rel=1e-6)
    assert curve.radius == pytest.approx(np.mean(radii), abs=curve.radius_error)
    two = rg.spectral_curve(dataclasses.replace(chaotic, replicates=chaotic.replicates[:2]))
    assert two.radius_error == pytest.approx(abs(radii[1] - radii[0]) / 2, rel=1e-6)
    assert two.y_error[100:300].all()


# -- samples ------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["chaotic", "sharp"])
def test_sampled_unit_against_its_state(name, request):
    state = request.getfixturevalue(name)
    theory = rg.spectral_curve(state)
    # 40 000 units: the radius of the criterion scatters by 0.003 (by 0.008 over the state's 10⁴)
    sample = rg.spectral_curve(path_unit(state.model, state.order, seed=1, samples=40_000))
    assert sample.radius == pytest.approx(theory.radius, abs=0.015)
    on = slice(40, 361, 40)
    np.testing.assert_allclose(sample.S(theory.x[on] + 1j * theory.y[on]), 0, atol=0.04)
    x = np.linspace(-0.2, 0.6, 9)
    np.testing.assert_allclose(
        np.interp(x, sample.x, sample.y), np.interp(x, theory.x, theory.y), atol=0.03
    )


def test_curve_of_a_small_sample(random_unit):
    """Every point of the graph solves the sample's own Λ = 1, ends included."""
    unit = random_unit(40, seed=4)
    curve = rg.spectral_curve(unit)
    z = 1 / (1 + np.exp(-unit["zeta"]))

    def S(lam):
        return perron_root(unit, lam).root - 1

    on = curve.y > 1e-6
    assert on.sum() > 300
    np.testing.assert_allclose(S(curve.x[on] + 1j * curve.y[on]), 0, atol=1e-8)
    for end, outwards in ((curve.x[0], -1), (curve.x[-1], 1)):
        assert abs(S(end + 0j)) < 1e-8 and S(end + 1e-6 * outwards) < 0
    assert curve.x[0] < z.min() and curve.x[-1] > z.max()
    assert curve.radius == max(curve.x[-1], -curve.x[0]) and curve.radius_error == 0
    assert curve.marginal is False and curve.status is Status.OK
    np.testing.assert_allclose(curve.S([1.5 + 1j, 0.3j]), S(np.array([1.5 + 1j, 0.3j])), rtol=1e-12)
    outermost = curve.radius_at(40)
    assert outermost >= np.quantile(z, 1 - 1 / 40)
    assert abs(S(outermost + 1j / 40)) < 1e-8 or outermost == np.quantile(z, 1 - 1 / 40)


def test_a_state_without_pole_terms_has_the_curve_of_its_unit(monkeypatch):
    point = last(**FIXED[0])
    exact, sample = rg.spectral_curve(point), rg.spectral_curve(point.unit)
    monkeypatch.setattr(rg.GRU(a_h=3).__class__, "pole_terms", lambda self, C, moment=None: None)
    curve = rg.spectral_curve(point)
    np.testing.assert_array_equal(curve.y, sample.y)
    assert curve.source is point and sample.source is point.unit
    assert curve.expected_outside(1000) == sample.expected_outside(1000) > 0
    assert curve.radius == pytest.approx(exact.radius, rel=1e-3) and curve.radius_error == 0


def test_what_depends_on_what_matters_to_a_sample(random_unit, closed_S):
    """The criterion, not Theorem 4.1, where r is not independent of the rest (THEORY R1)."""
    unit = random_unit(40, seed=4)
    curve = rg.spectral_curve(unit)
    on = curve.y > 1e-3
    assert np.abs(closed_S(unit, curve.x[on] + 1j * curve.y[on])).max() > 0.1


def test_a_sample_far_to_the_left():
    """The radius is the largest modulus, on either side of 0."""
    model = rg.GRU(a_h=3.0)
    unit = model.unit({"zeta": np.full(4, -40.0), "xi": np.zeros(4), "y": np.zeros(4)}, np.zeros(4))
    curve = rg.spectral_curve(unit)
    assert curve.radius == pytest.approx(1.5, rel=1e-12)
    assert curve.x[0] == pytest.approx(-1.5, rel=1e-12)
    np.testing.assert_allclose(np.hypot(curve.x, curve.y), 1.5, rtol=1e-9)


# -- refusals and records -----------------------------------------------------------------------
def test_states_without_a_solution():
    model = rg.GRU(a_h=3, a_z=1)
    point = FixedPoint(model, np.nan, np.nan, False, Status.NOT_CONVERGED)
    steady = SteadyState(
        model, np.full(3, np.nan), np.full(3, np.nan), "chaotic", Status.WINDOW_TOO_SHORT, np.nan
    )
    for state in (point, steady):
        message = f"the state has no solution to draw a curve from: {state.message}"
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            rg.spectral_curve(state)
        radius = rg.spectral_radius(state)
        assert type(radius) is float and np.isnan(radius)


@pytest.mark.parametrize("state", [3.0, "gru", None, np.eye(2)], ids=str)
def test_not_a_state(state):
    message = (
        "state must be a FixedPoint or SteadyState (from rg.fixed_points(model)[i] or "
        f"rg.steady_state(model)), or a Unit, got {type(state).__name__}"
    )
    for function in (rg.spectral_curve, rg.spectral_radius):
        with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
            function(state)


def test_not_a_state_but_its_model():
    with pytest.raises(TypeError, match=r"got GRUResetBefore$"):
        rg.spectral_curve(rg.GRU(a_h=3))


def test_all_fixed_points_at_once_are_refused():
    points = rg.fixed_points(rg.GRU(a_h=3))
    with pytest.raises(TypeError, match=r"rg.fixed_points\(model\)\[i\].*got FixedPoints$"):
        rg.spectral_curve(points)
    arrays = rg.fixed_points(rg.GRU(a_h=[3, 4]))
    with pytest.raises((TypeError, ValueError), match=r"rg.fixed_points\(model\)\[i\]|rg\.scan"):
        rg.spectral_curve(arrays)


def test_array_models_are_refused():
    point = FixedPoint(rg.GRU(a_h=[3, 4]), 0.3, 1.2, False)
    message = "spectral_curve takes one model, but a_h is an array: use rg.scan for many points"
    with pytest.raises(ValueError, match=f"^{message}$"):
        rg.spectral_curve(point)


def test_record(chaotic):
    curve = rg.spectral_curve(chaotic)
    shown = f"radius={curve.radius:.6g}, radius_error={curve.radius_error:.6g}"
    assert repr(curve) == f"SpectralCurve({shown}, marginal=False, status=OK)"
    assert curve.status is chaotic.status and curve.message == Status.OK.sentence
    with pytest.raises(dataclasses.FrozenInstanceError):
        curve.radius = 2
    late = dataclasses.replace(chaotic, status=Status.TIME_LIMIT)
    assert rg.spectral_curve(late).message == Status.TIME_LIMIT.sentence


def test_error_band_of_a_sampled_state():
    """Near the top the boundary scales with ρ: its band follows from the scatter of C_h(0)."""
    state = rg.steady_state(rg.GRU(a_h=3, a_z=1, a_r=10), rng=3, rtol=5e-3)
    curve = rg.spectral_curve(state)
    assert curve.y_error.shape == curve.y.shape
    assert curve.y_error[0] == curve.y_error[-1] == 0
    top = int(np.argmax(curve.y))
    heights = []
    for C, moment in state.replicates:
        one = SteadyState(
            state.model, np.array([C]), np.zeros(1), "chaotic", state.status, 0.0, moment
        )
        heights.append(rg.spectral_curve(one).y.max())
    expected = np.std(heights, ddof=1) / np.sqrt(len(heights))
    assert curve.y_error[top] == pytest.approx(expected, rel=0.05)
    exact = rg.spectral_curve(rg.fixed_points(state.model)[-1])
    assert not exact.y_error.any()


def test_a_constant_gate_is_its_own_quantile():
    """A disc smaller than 1/N: what a network shows is the gate itself."""
    curve = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=1.5, b_z=8))[0])
    for N in (1, 1000):
        assert curve.radius_at(N) == pytest.approx(expit(8), rel=1e-12)
    assert rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=0))[0]).radius_at(10) == 0.5


def test_without_recurrence_the_spectrum_is_the_gate():
    """a_h = 0: J = diag(z), eigenvalues on [0, 1]."""
    curve = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=0, a_z=1, v_z=1))[0])
    assert curve.radius == 1
    assert curve.marginal
    assert (curve.x[0], curve.x[-1]) == (0, 1)
    assert not curve.y.any()


# -- what is not a number -----------------------------------------------------------------------
def test_the_segment_of_the_gate_belongs_to_a_marginal_support():
    """S(1) < 0 at a stable fixed point, and yet [0, 1] is in the support, closed as it is."""
    curve = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=1.5, v_z=1.0))[0])
    assert curve.marginal and curve.S(1.0) == pytest.approx(0.75**2 - 1, rel=1e-12)
    np.testing.assert_array_equal(
        curve.contains([0.0, 0.5, 1.0, 1 + 1e-6, -0.8]), [True, True, True, False, False]
    )
    assert curve.contains(1.0) is True
    slow = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=1.5, v_z=1.0, b_z=4))[0])
    assert slow.S(0.0) < 0 and slow.contains(0.0) and not slow.contains(-1e-9)
    disc = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=0.5))[0])
    assert not disc.contains(1.0) and disc.contains(0.5)


@pytest.mark.parametrize("lam", ["a", None, [1, "b"], {}], ids=str)
def test_a_place_that_is_not_a_number(chaotic, lam):
    curve = rg.spectral_curve(chaotic)
    for ask in (curve.S, curve.contains):
        with pytest.raises(TypeError, match=r"^lam must be a number or an array of numbers, got "):
            ask(lam)


def test_lenses_too_thin_for_newton_are_roots_too():
    """Far below 1e-100 the height is lens/(1 − A), A the regular part of S+1."""
    curve = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=1.8, v_z=0.1))[0])
    thin = (curve.y > 0) & (curve.y < 1e-100)
    assert thin.sum() > 10
    assert np.abs(curve.S(curve.x[thin] + 1j * curve.y[thin])).max() < 1e-8
