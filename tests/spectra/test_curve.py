"""The boundary as a graph: on it S = 0, its ends, its radius, its limits, and what is refused."""

import dataclasses
import re

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit

import rmt_gates as rg
from rmt_gates.mean_field.fixed_points import FixedPoint
from rmt_gates.mean_field.steady_state import SteadyState
from rmt_gates.results import Status
from rmt_gates.spectra.boundary_function import BoundaryFunction
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


# -- refusals and records -----------------------------------------------------------------------
def test_states_without_a_solution():
    model = rg.GRU(a_h=3, a_z=1)
    point = FixedPoint(model, np.nan, np.nan, False, Status.NOT_CONVERGED)
    steady = SteadyState(
        model, np.full(3, np.nan), np.full(3, np.nan), "chaotic", Status.WINDOW_TOO_SHORT, np.nan
    )
    for state in (point, steady):
        message = f"the state has no solution to take a spectrum from: {state.message}"
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            rg.spectral_curve(state)
        radius = rg.spectral_radius(state)
        assert type(radius) is float and np.isnan(radius)


@pytest.mark.parametrize("model", [rg.GRU(a_h=3, a_z=1), rg.GRU(a_h=3)], ids=str)
def test_nan_is_nowhere(model):
    curve = rg.spectral_curve(rg.fixed_points(model)[-1])
    lam = np.array([np.nan, complex(0.5, np.nan), complex(np.nan, 1.0), 0.5 + 0.1j])
    assert np.isnan(curve.S(lam)).tolist() == [True, True, True, False]
    assert curve.contains(lam).tolist() == [False, False, False, True]


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
    message = "spectral_curve takes one model, but a_h is an array: call it once for each point"
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
