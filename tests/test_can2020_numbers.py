"""Numbers of Can, Krishnamurthy & Schwab (2020), and of the independent codes that checked them.

Every value cites its place: (n) is an equation of the paper, § a section of THEORY.md. The values
come from 30-digit quadrature, from other solvers, or from simulated networks: never from this
library.
"""

import numpy as np
import pytest

import rmt_gates as rg


def roots(**parameters):
    return rg.fixed_points(rg.GRU(**parameters))


def sigma(x):
    return 1 / (1 + np.exp(-x))


BIASED = {"a_h": 2.5, "a_r": 4, "b_r": 0.5, "b_h": 0.3, "v_h": 0.1, "v_r": 0.2}


# -- (10), (19): fixed points and ρ (§7) --------------------------------------------------------
@pytest.mark.parametrize(
    "parameters, exact",
    [
        ({"a_h": 3, "a_r": 1}, [0.0, 0.379890858787494545]),
        ({"a_h": 3, "a_r": 10}, [0.0, 0.531803435929449994]),
        ({"a_h": 3, "a_r": 2}, [0.0, 0.427970668280024166]),
        ({"a_h": 1.8, "a_r": 10}, [0.0, 0.0222017696708022658, 0.123863535237886471]),
        (BIASED, [0.464655377347909094]),
    ],
    ids=str,
)
def test_fixed_points_to_18_digits(parameters, exact):
    points = roots(**parameters)
    assert points.count == len(exact)
    np.testing.assert_allclose(points.C_h, exact, rtol=2e-14)
    assert np.all(points.residual <= 1e-14 * points.C_h)


@pytest.mark.parametrize(
    "parameters, rho",
    [
        ({"a_h": 3, "a_r": 1}, 1.11858079),
        ({"a_h": 3, "a_r": 2}, 1.21350929),
        ({"a_h": 3, "a_r": 10}, 1.68197685),
        (BIASED, 1.22545899),
    ],
    ids=str,
)
def test_rho_at_the_fixed_points(parameters, rho):
    points = roots(**parameters)
    assert points.rho[-1] == pytest.approx(rho, abs=5.1e-9)
    assert points[-1].rho == points.rho[-1] and not points[-1].stable


# -- the phase diagram (§7) ---------------------------------------------------------------------
@pytest.mark.parametrize(
    "a_h, fold",
    [
        (1.6, 24.477104),
        (1.7, 13.029612),
        (1.8, 8.156977),
        (1.9, 5.381014),
        (1.95, 4.298066),
        (1.99, 3.355536),
    ],
)
def test_folds(a_h, fold):
    """Two non-zero roots on one side of the printed value, none on the other."""
    points = roots(a_h=a_h, a_r=[fold - 6e-7, fold + 6e-7])
    assert points.count.tolist() == [1, 3]
    low, high = points.C_h[1, 1:]
    assert high - low < 5e-3  # they have just met
    assert points.residual[1, 1:].max() < 1e-12 * low


def test_no_fold_below_the_square_root_of_two():
    """At b_r = 0 the fold diverges at a_h = √2: there the reset gate is ½ at most on average."""
    a_r = np.geomspace(1, 1e6, 30)
    assert np.all(roots(a_h=1.414, a_r=a_r).count == 1)
    assert roots(a_h=1.43, a_r=1e6).count == 3


@pytest.mark.parametrize("b_r", [-2.0, 0.0, 1.5])
def test_zero_loses_stability_at_one_plus_exp_minus_b_r(b_r):
    critical = 1 + np.exp(-b_r)
    points = roots(a_h=critical * np.array([1 - 1e-12, 1 + 1e-12]), b_r=b_r)
    assert points.stable[:, 0].tolist() == [True, False]
    assert points.count.tolist() == [1, 2]


@pytest.mark.parametrize(
    "epsilon, ratio", [(1e-2, 0.3488), (1e-3, 0.3232), (1e-4, 0.3149), (1e-5, 0.3123)]
)
def test_tricritical_line(epsilon, ratio):
    """Erratum E2: C/√ε on a_r = √2 a_h tends to √(3/31) = 0.3111, not to 1/4."""
    a_h = 2 + epsilon
    points = roots(a_h=a_h, a_r=np.sqrt(2) * a_h)
    assert points.count == 2
    assert points.C_h[1] / np.sqrt(epsilon) == pytest.approx(ratio, abs=5.1e-5)


def test_erratum_of_appendix_e():
    """R3: a root below a_h = √2 when b_r > 0."""
    points = roots(a_h=1.2, a_r=1, b_r=3)
    np.testing.assert_allclose(points.C_h, [0, 0.126805], atol=5.1e-7)


# -- the steady state (§2.3, §2.4) --------------------------------------------------------------
def test_constant_gate_kernel():
    """(3, 0, 10) to the nine digits of an independent solver."""
    state = rg.steady_state(rg.GRU(a_h=3, a_r=10))
    exact = [0.352016985, 0.326741246, 0.270882886, 0.016521500]
    np.testing.assert_allclose(state.C_h[[0, 1, 2, 10]], exact, rtol=0, atol=6e-10)
    assert state.kind == "chaotic" and state.C_h0_error == 0


@pytest.mark.parametrize("a_z, printed", [(10, 0.35966), (1, 0.35315)])
def test_approximation_50_51(a_z, printed):
    """E1: what (50)–(51) give, which is not the answer."""
    state = rg.approximate_steady_state(rg.GRU(a_h=3, a_z=a_z, a_r=10))
    assert state.C_h0 == pytest.approx(printed, abs=5.1e-6)


# -- the spectrum (§4, §6) ----------------------------------------------------------------------
@pytest.mark.parametrize("reset", ["before", "after"])
@pytest.mark.parametrize("b_z, b_r, a_h", [(0.0, 0.0, 1.5), (0.7, -0.4, 3.0), (-2.0, 1.0, 0.5)])
def test_zero_fixed_point_20_21(b_z, b_r, a_h, reset):
    """A disc of centre σ(b_z) and radius (1−σ(b_z))σ(b_r)a_h, whatever the gates' gains."""
    point = roots(a_h=a_h, a_z=2, a_r=3, b_z=b_z, b_r=b_r, reset=reset)[0]
    curve = rg.spectral_curve(point)
    s, R = sigma(b_z), sigma(-b_z) * sigma(b_r) * a_h
    np.testing.assert_allclose(np.hypot(curve.x - s, curve.y), R, rtol=1e-13)
    np.testing.assert_allclose([curve.x[0], curve.x[-1]], [s - R, s + R], rtol=1e-12)
    assert curve.radius == pytest.approx(s + R, rel=1e-14) and not curve.marginal
    assert point.spectral_radius == pytest.approx(s + R, rel=1e-14)
    assert point.stable == (s + R < 1)


def test_marginal_state_of_a_finite_network():
    """(a_h, a_z, a_r, v_h) = (1, 3, 0, 0.3): stable, radius 1, a network of 1000 shows 0.987."""
    curve = rg.spectral_curve(roots(a_h=1, a_z=3, v_h=0.3)[0])
    assert curve.marginal and curve.radius == 1
    assert curve.radius_at(1000) == pytest.approx(0.987, abs=6e-4)
