"""The radius: of the limit N = ∞, what networks of N units show of it, and its thin lenses."""

import numpy as np
import pytest
from scipy.special import expit, ndtri

import rmt_gates as rg

BIASED = {"b_h": 0.3, "b_z": -1, "b_r": 0.5, "v_h": 0.1, "v_z": 0.6}
UNSTABLE = [
    {"a_h": 3, "a_z": 1, "a_r": 10},
    {"a_h": 2.5, "a_z": 2, "a_r": 4, **BIASED},
    {"a_h": 6, "a_z": 0.05, "a_r": 1, "activation": "hardtanh"},
]


MARGINAL = {"a_h": 1, "a_z": 3, "v_h": 0.3}


def last(**parameters):
    return rg.fixed_points(rg.GRU(**parameters))[-1]


def test_steady_state_and_fixed_point_have_different_radii():
    model = rg.GRU(a_h=3, a_r=10)
    steady, point = rg.steady_state(model), rg.fixed_points(model)[1]
    assert rg.spectral_radius(point) == pytest.approx(point.spectral_radius, rel=1e-14)
    assert rg.spectral_radius(steady) == pytest.approx(0.5 + 0.5 * model.rho(steady.C_h0))
    assert abs(rg.spectral_radius(steady) - rg.spectral_radius(point)) > 0.01


def test_marginal():
    point = last(**MARGINAL)
    curve = rg.spectral_curve(point)
    assert point.stable and curve.marginal and curve.radius == 1 == point.spectral_radius
    assert curve.x[0] <= 0 and curve.x[-1] == 1
    unstable = rg.spectral_curve(last(a_h=3, a_z=3))
    assert not unstable.marginal and unstable.radius > 1


def test_radius_at_of_more_units_than_the_sample_has():
    """The larger of the outermost x with S(x + i/N) = 0 and the gate's 1 − 1/N quantile."""
    for parameters in (MARGINAL, {"a_h": 1.5, "v_z": 1}, *UNSTABLE[:2]):
        point = last(**parameters)
        curve = rg.spectral_curve(point)
        V = point.model.a_z**2 * point.C_h + point.model.v_z
        for N in (20_000, np.int64(10**6)):
            quantile = expit(point.model.b_z - np.sqrt(V) * ndtri(1 / N))
            x = np.linspace(-1, curve.radius + 1, 40_001)
            crossing = np.flatnonzero(curve.S(x + 1j / N) > 0)
            edge = x[crossing[-1]] if len(crossing) else -np.inf
            got = curve.radius_at(N)
            assert got == pytest.approx(max(edge, quantile), abs=1.1e-4)
            if got > quantile:
                assert abs(curve.S(got + 1j / N)) < 1e-9
    assert curve.radius_at(10**9) <= curve.radius


def test_radius_at_of_an_unstable_state_tends_to_the_radius():
    curve = rg.spectral_curve(last(**UNSTABLE[0]))
    distance = [curve.radius - curve.radius_at(N) for N in (20_000, 200_000)]
    assert 0 < distance[1] < distance[0] < 1e-6
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
    assert curve.radius_at(10**5) == pytest.approx(s + np.sqrt(R**2 - 1e-10), rel=1e-10)
    small = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=1e-6))[0])
    assert small.radius_at(10**5) <= small.radius


@pytest.mark.parametrize("N", [0, -3, 2.0, "10", None])
def test_bad_N(N):
    curve = rg.spectral_curve(last(a_h=3))
    with pytest.raises(ValueError, match=f"^N must be a positive integer, got {N!r}$"):
        curve.radius_at(N)


def test_a_constant_gate_is_its_own_quantile():
    """A disc smaller than 1/N: what a network shows is the gate itself."""
    curve = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=1.5, b_z=12))[0])
    assert curve.radius_at(20_000) == pytest.approx(expit(12), rel=1e-12)
    for N in (1, 1000):
        assert curve.radius_at(N) == pytest.approx(expit(12), rel=1e-12)
    alone = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=0))[0])
    assert alone.radius_at(10) == alone.radius_at(20_000) == 0.5


@pytest.mark.parametrize("N", [10**15, 10**16, 10**17, 10**30])
@pytest.mark.parametrize("parameters", [*UNSTABLE, {"a_h": 3}], ids=str)
def test_radius_at_of_more_units_than_floating_point_can_tell_apart(parameters, N):
    curve = rg.spectral_curve(last(**parameters))
    assert curve.radius_at(N) == pytest.approx(curve.radius, rel=1e-14) or curve.marginal


def test_the_quantile_of_more_gates_than_floating_point_can_tell_from_all():
    """1 − 1/N is 1 in floating point, and its quantile would be a gate of exactly 1."""
    model = rg.GRU(a_h=0.5, v_z=0.1)
    curve = rg.spectral_curve(rg.fixed_points(model)[0])
    assert curve.marginal
    expected = expit(np.sqrt(0.1) * -ndtri(1e-18))
    assert curve.radius_at(10**18) == pytest.approx(expected, rel=1e-14) and expected < 1
