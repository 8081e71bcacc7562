"""Numbers of Can, Krishnamurthy & Schwab (2020), and of the independent codes that checked them.

Every value cites its place: (n) is an equation of the paper, § a section of THEORY.md. The values
come from 30-digit quadrature, from other solvers, or from simulated networks: never from this
library.
"""

import numpy as np
import pytest
from scipy.special import erf, erfc, erfinv

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


def test_tricritical_limit():
    epsilon = np.array([1e-4, 1e-6, 1e-8])
    points = roots(a_h=2 + epsilon, a_r=np.sqrt(2) * (2 + epsilon))
    deviation = points.C_h[:, 1] / np.sqrt(epsilon) - np.sqrt(3 / 31)
    np.testing.assert_allclose(deviation[:-1] / deviation[1:], 10, rtol=0.03)  # it is O(√ε)
    assert 0 < deviation[-1] < 4e-5


@pytest.mark.parametrize("a_r", [0.0, 1.0, 2.5])
def test_continuous_onset(a_r):
    """a_h = 2+ε, a_r < √2 a_h: C ≈ 4ε/(8 − a_r²)."""
    epsilon = np.array([1e-4, 1e-5, 1e-6])
    points = roots(a_h=2 + epsilon, a_r=a_r)
    relative = points.C_h[:, 1] * (8 - a_r**2) / (4 * epsilon) - 1
    assert np.all(np.abs(relative) < 200 * epsilon)
    np.testing.assert_allclose(relative[:-1] / relative[1:], 10, rtol=0.02)


def test_discontinuous_onset():
    """At a_h = 2 and a_r → √8 from above: C ≈ 6(a_r²−8)/(3a_r⁴+24a_r²−136)."""
    moment = np.array([1e-2, 1e-3])
    a_r = np.sqrt(8 + moment)
    C = roots(a_h=2, a_r=a_r).C_h[:, 1]
    relative = C * (3 * a_r**4 + 24 * a_r**2 - 136) / (6 * moment) - 1
    assert np.all(np.abs(relative) < 2 * moment)
    assert relative[0] / relative[1] == pytest.approx(10, rel=0.05)


@pytest.mark.parametrize("a_h, a_r", [(2.0, 1.0), (1.5, 4.0), (3.0, 0.0), (2.5, 3.0)])
def test_expansion_131(a_h, a_r):
    """F(C)/C = a²/4 + (a²/16)(a_r²−2a²)C + (a²/192)(17a⁴−12a²a_r²−6a_r⁴)C² + O(C³)."""
    model = rg.GRU(a_h=a_h, a_r=a_r)
    C = np.array([1e-3, 5e-4])
    a2, r2 = a_h**2, a_r**2
    series = a2 / 4 + a2 / 16 * (r2 - 2 * a2) * C
    series += a2 / 192 * (17 * a2**2 - 12 * a2 * r2 - 6 * r2**2) * C**2
    rest = model.fixed_point_map(C) / C - series
    assert rest[0] / rest[1] == pytest.approx(8, rel=0.05)  # it is O(C³)


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


def test_binary_gate_22():
    """R = √(αη) a_h σ(b_r) for the hard tanh at a fixed point, as a_z → ∞ with b_z = β a_z."""
    a_h, b_r, beta = 12.0, 0.5, 0.2
    point = roots(a_h=a_h, b_r=b_r, activation="hardtanh")[1]
    C, V = point.C_h, a_h**2 * sigma(b_r) ** 2 * point.C_h
    eta = erf(1 / np.sqrt(2 * V))
    alpha = 0.5 * erfc(beta / np.sqrt(2 * C))
    R = np.sqrt(alpha * eta) * a_h * sigma(b_r)
    assert R > 1.1
    radii = []
    for a_z in (25, 250):
        model = rg.GRU(a_h=a_h, a_z=a_z, b_z=beta * a_z, b_r=b_r, activation="hardtanh")
        radii.append(rg.spectral_curve(rg.fixed_points(model)[1]).radius)
    assert abs(radii[0] - R) < 1e-3 and abs(radii[1] - R) < 1e-4


@pytest.mark.parametrize("beta", [0.0, 0.1])
def test_marginal_stability_theorem_4_8(beta):
    """radius − 1 = Θ(exp(−c √C a_z)), erf((c − β/√C)/√2) = 2/ρ² − 1; c = 0.465096 at (3, 2)."""
    from rmt_gates.architectures.leaky_radius import log_edge_distance

    point = roots(a_h=3, a_r=2)[1]
    C, rho = point.C_h, point.rho
    c = np.sqrt(2) * erfinv(2 / rho**2 - 1) + beta / np.sqrt(C)
    if beta == 0:
        assert c == pytest.approx(0.465096, abs=5.1e-7)
    a_z = np.array([500.0, 1000.0])
    log_distance = log_edge_distance(rho, beta * a_z, C * a_z**2)
    measured = -np.diff(log_distance)[0] / (500 * np.sqrt(C))
    assert measured == pytest.approx(c, rel=4e-4)
    if beta == 0:
        assert abs(measured - 0.46500) < 1.5e-4  # what the independent code measured


@pytest.mark.parametrize("a_r, tolerance", [(1e3, 2e-2), (1e5, 2e-4)])
def test_large_reset_gain_proposition_4_5(a_r, tolerance):
    """ρ² ≈ a_h² E[φ'²] a_r √C_h/(6√(2π)): the radius grows as √a_r."""
    point = roots(a_h=3, a_r=a_r)[1]
    y = np.linspace(-9, 9, 4001)
    w = np.exp(-y * y / 2)
    V = 9 * point.C_h * (0.5 - 1 / np.sqrt(2 * np.pi * a_r**2 * point.C_h))
    slope = np.cosh(np.sqrt(V) * y) ** -4.0 @ w / w.sum()
    law = 9 * slope * a_r * np.sqrt(point.C_h) / (6 * np.sqrt(2 * np.pi))
    assert point.rho**2 == pytest.approx(law, rel=tolerance)
    assert point.spectral_radius == pytest.approx(0.5 + 0.5 * point.rho, rel=1e-14)


def test_marginal_state_of_a_finite_network():
    """(a_h, a_z, a_r, v_h) = (1, 3, 0, 0.3): stable, radius 1, a network of 1000 shows 0.987."""
    curve = rg.spectral_curve(roots(a_h=1, a_z=3, v_h=0.3)[0])
    assert curve.marginal and curve.radius == 1
    assert curve.radius_at(1000) == pytest.approx(0.987, abs=6e-4)
