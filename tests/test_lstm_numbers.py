"""Numbers of the LSTM: fixed points, their phase diagram, and the steady state.

The values come from an independent prototype, from networks of 500–4000 units, and from expansions
done by hand: never from this library. Tuples are (a_h, a_i, a_f, a_o), zero bias unless stated;
(n) is an equation of Can, Krishnamurthy & Schwab (2020).
"""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit

import rmt_gates as rg

NAMES = ("a_h", "a_i", "a_f", "a_o")


def lstm(*gains, **more):
    return rg.LSTM(**dict(zip(NAMES, gains, strict=True)), **more)


# -- fixed points -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "gains, C_h, S1",
    [
        ((3, 0, 0, 0), [0.0470822], [0.132317]),
        ((3, 1, 1, 1), [0.0502241], [0.177163]),
        ((3, 1, 1, 10), [0.1121870], [0.899943]),
        ((1.5, 0, 8, 0), [0.0203648, 0.0472587], [0.475278, 1.55146]),
    ],
)
def test_fixed_points(gains, C_h, S1):
    points = rg.fixed_points(lstm(*gains))
    assert points.C_h[0] == 0 and points.count == 1 + len(C_h)
    np.testing.assert_allclose(points.C_h[1:], C_h, rtol=0, atol=5.1e-8)
    np.testing.assert_allclose(points.rho[1:] ** 2 - 1, S1, rtol=4e-6)
    assert not points.stable[1:].any() and np.all(points.residual <= 1e-15)


@pytest.mark.parametrize("a_f, fold", [(5, 1.9575), (8, 1.44038), (10, 1.11196)])
def test_folds(a_f, fold):
    """Two non-zero roots on one side of the printed value of a_h, none on the other."""
    digit = 5.1e-5 if a_f == 5 else 5.1e-6
    points = rg.fixed_points(rg.LSTM(a_h=fold + digit * np.array([-1, 1]), a_f=a_f))
    assert points.count.tolist() == [1, 3]
    low, high = points.C_h[1, 1:]
    assert low < high < 3 * low  # they have just met


def growth(model):
    """g of F(C)/C = 1 + g C + O(C²) at a_h = a_c, by hand: f, i, o at the means of their biases."""
    f, i, o = (expit(getattr(model, f"b_{k}")) for k in "fio")
    a_c = (1 - f) / (o * i)
    return (
        model.a_o**2 * (1 - o) * (2 - 3 * o)
        + model.a_i**2 * (1 - i) * (2 - 3 * i)
        + model.a_f**2 * f * (1 + f)
        - 2 * a_c**2 * (1 + i**2 / (1 - f) ** 2)
    )


@pytest.mark.parametrize(
    "parameters",
    [
        {"a_i": 1, "a_f": 2, "a_o": 3},
        {"a_f": 3, "b_f": 1.2, "b_i": -0.4, "b_o": 0.3},
        {"a_i": 5, "a_o": 4, "a_f": 1, "b_f": -1.0, "b_i": 0.7, "b_o": -0.6},
    ],
)
def test_growth_at_small_C(parameters):
    """Its sign decides whether non-zero states appear continuously."""
    unbiased = rg.LSTM(a_h=1, **parameters)
    a_c = expit(-unbiased.b_f) / (expit(unbiased.b_o) * expit(unbiased.b_i))
    model = rg.LSTM(a_h=a_c, **parameters)
    C = np.array([2e-5, 1e-5])
    measured = (model.fixed_point_map(C) / C - 1) / C
    assert 2 * measured[1] - measured[0] == pytest.approx(growth(model), rel=1e-5, abs=1e-4)


def gaussian(function, mean, variance):
    x = np.linspace(-10, 10, 4001)
    weight = np.exp(-0.5 * x * x)
    return weight @ function(mean + np.sqrt(variance) * x) / weight.sum()


def disordered_growth(model):
    """(a_c, g) where the gates' biases vary: averages over them of the same expansion, w = 1+e^η_f.

    The forget gate's are moments e^{kb + k²v/2} of a log-normal law.
    """
    i2, o2 = (gaussian(lambda x: expit(x) ** 2, *law) for law in laws(model, "io"))
    i4 = gaussian(lambda x: expit(x) ** 4, *laws(model, "i")[0])
    bend_i, bend_o = (
        gaussian(lambda x: expit(x) ** 2 * expit(-x) * (2 - 3 * expit(x)), *law)
        for law in laws(model, "io")
    )
    e = [np.exp(k * model.b_f + 0.5 * k * k * model.v_f) for k in range(5)]
    w2, w4 = e[0] + 2 * e[1] + e[2], e[0] + 4 * e[1] + 6 * e[2] + 4 * e[3] + e[4]
    a_c = 1 / np.sqrt(o2 * i2 * w2)
    g = model.a_o**2 * bend_o / o2 + model.a_i**2 * bend_i / i2
    g += model.a_f**2 * (e[1] + 2 * e[2]) / w2 - 2 * a_c**2 * (1 + i4 * w4 / (i2 * w2))
    return a_c, g


def laws(model, gates):
    return [(getattr(model, f"b_{k}"), getattr(model, f"v_{k}")) for k in gates]


DISORDER = {"v_f": 0.3, "v_i": 0.8, "v_o": 1.4}


@pytest.mark.parametrize(
    "disorder", [{}, *({k: v} for k, v in DISORDER.items()), DISORDER], ids=str
)
@pytest.mark.parametrize("biases", [{}, {"b_f": 0.6, "b_i": -0.4, "b_o": 0.3}], ids=str)
def test_growth_with_disordered_gates(disorder, biases):
    """F(C)/C = 1 + g C + O(C²): the map's own derivative, by Richardson's rule."""
    gains = {"a_i": 3.0, "a_f": 2.0, "a_o": 4.0}
    a_c, g = disordered_growth(rg.LSTM(a_h=1, **gains, **biases, **disorder))
    model = rg.LSTM(a_h=a_c, **gains, **biases, **disorder)
    if not disorder:
        assert g == pytest.approx(growth(model), rel=1e-12)
    C = 2e-5 / np.array([1.0, 2.0, 4.0])
    once = (model.fixed_point_map(C) / C - 1) / C
    twice = 2 * once[1:] - once[:-1]
    assert (4 * twice[1] - twice[0]) / 3 == pytest.approx(g, rel=1e-6)


@pytest.mark.parametrize("a_i, a_f", [(0.0, 0.0), (3.0, 2.0), (2.0, 8 / np.sqrt(3) - 1)])
def test_tricritical_line(a_i, a_f):
    """a_o² + a_i² + 3a_f² = 64: below it states appear continuously at a_h = 2, above by a fold."""
    a_o = np.sqrt(64 - a_i**2 - 3 * a_f**2)
    gains = {"a_i": a_i, "a_f": a_f}
    assert growth(rg.LSTM(a_h=2, a_o=a_o, **gains)) == pytest.approx(0, abs=1e-12)
    for shift, count in ((-0.5, 1), (0.5, 3)):
        points = rg.fixed_points(rg.LSTM(a_h=2 - 1e-6, a_o=a_o + shift, **gains))
        assert points.count == count and points.stable[0]
        above = rg.fixed_points(rg.LSTM(a_h=2 + 1e-6, a_o=a_o + shift, **gains))
        assert above.count == 2 and not above.stable[0]
        assert (above.C_h[1] < 1e-4) == (shift < 0)


def test_tricritical_forget_gate():
    """The forget gate alone: a_f* = 8/√3, where the slope of F(C)/C at C = 0 changes sign."""

    def slope(a_f):
        C = np.array([2e-6, 1e-6])
        gain = rg.LSTM(a_h=2, a_f=a_f).fixed_point_map(C) / C - 1
        return float(2 * gain[1] / C[1] - gain[0] / C[0])

    assert brentq(slope, 4, 5.5, xtol=1e-8) == pytest.approx(8 / np.sqrt(3), abs=1e-5)


@pytest.mark.parametrize("b_f, b_i, b_o", [(0, 0, 0), (1.2, -0.4, 0.3)])
def test_zero_loses_stability_37(b_f, b_i, b_o):
    """Stable iff σ(b_f) + σ(b_o) σ(b_i) a_h < 1."""
    critical = expit(-b_f) / (expit(b_o) * expit(b_i))
    a_h = critical * np.array([1 - 1e-11, 1 + 1e-11])
    points = rg.fixed_points(rg.LSTM(a_h=a_h, a_i=1, a_o=1, b_f=b_f, b_i=b_i, b_o=b_o))
    assert points.stable[:, 0].tolist() == [True, False]


# -- the steady state ---------------------------------------------------------------------------
STATES = {
    # C_h(0) and what is accepted, E[q], E[p] and its error, radius and its error
    (3, 1, 1, 1): ((0.0469, 3e-4), 0.01132, (0.2916, 2e-4), (1.0487, 2e-4)),
    (3, 1, 1, 10): ((0.0762, 3e-4), 0.4498, (0.3724, 2e-4), (1.2336, 1e-4)),
    (3, 1, 10, 1): ((0.104, 1e-3), 0.02416, (0.2336, 4e-4), (1.1337, 4e-4)),
}


@pytest.mark.parametrize(
    "gains", [(3, 1, 1, 1), (3, 1, 1, 10), pytest.param((3, 1, 10, 1), marks=pytest.mark.slow)]
)
def test_steady_state(gains):
    (C, allowed), q, (p, p_error), (radius, radius_error) = STATES[gains]
    state = rg.steady_state(lstm(*gains), rng=0, rtol=5e-3)
    assert state.kind == "chaotic" and state.converged
    assert abs(state.C_h0 - C) <= allowed
    assert state.C_h0_error <= 5e-3 * state.C_h0 and np.all(np.abs(state.C_h) <= state.C_h0)
    averages = state.averages
    assert averages["E[q]"][0] == pytest.approx(q, rel=4e-3)
    assert averages["E[p]"][0] == pytest.approx(p, abs=4 * np.hypot(averages["E[p]"][1], p_error))
    curve = rg.spectral_curve(state)
    assert curve.radius == pytest.approx(radius, abs=4 * np.hypot(curve.radius_error, radius_error))
    assert curve.radius_error < 2e-3
    on = curve.y > 0
    assert on.sum() > 390
    np.testing.assert_allclose(curve.S(curve.x[on] + 1j * curve.y[on]), 0, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    "a_f, radius, rtol",
    [
        (10, 1.129, 5e-3),
        (20, 1.145, 5e-3),
        (50, 1.249, 2e-2),
        (100, 1.496, 5e-3),
        (200, 1.93, 2e-2),
    ],
)
def test_radius_at_sharp_forget_gates(a_f, radius, rtol):
    """It is not suppressed at large a_f (erratum E6; printed without errors, a_i = a_o = 0).

    What is measured here is lower by 0.2 %, 0.2 %, 0.8 %, 1.3 % and 0.4 %: 1.1265(5), 1.1428(12),
    1.239(1), 1.477(5), 1.922(7). The plain mean of p/(x−f)² over the paths of these states says
    1.1253(5) at 10, 1.240(2) at 50, 1.4789(24) at 100 and 1.93(3) at 200.
    """
    state = rg.steady_state(rg.LSTM(a_h=3, a_f=a_f), rng=0, rtol=rtol)
    assert state.kind == "chaotic" and state.converged
    curve = rg.spectral_curve(state)
    assert curve.radius_error < max(5e-3, rtol) * radius
    assert curve.radius == pytest.approx(radius, rel=0.003 if a_f <= 20 else 0.02)


def test_steady_state_with_a_wrong_gain():
    """The numbers above tell gains apart: 3 % of a_h moves C_h(0) by ten tolerances."""
    state = rg.steady_state(lstm(3.09, 1, 1, 10), rng=0)
    assert abs(state.C_h0 - 0.0762) > 10 * 3e-4


def test_sampled_unit_of_a_steady_state():
    """The unit's averages are the state's, and the criterion over it is 1 on the curve."""
    from rmt_gates.spectra.criterion import perron_root

    state = rg.steady_state(lstm(3, 1, 1, 10), rng=1, rtol=1e-2)
    for name, value in state.unit.averages().items():
        assert value == pytest.approx(state.averages[name][0], rel=0.05)
    curve = rg.spectral_curve(state)
    lam = (curve.x + 1j * curve.y)[40:361:40]
    np.testing.assert_allclose(perron_root(state.unit, lam).root, 1, atol=0.06)


def test_below_the_continuous_onset_nothing_lives():
    state = rg.steady_state(lstm(1.9, 1, 1, 1), rng=0)
    assert state.kind == "zero" and state.C_h0 == 0


def test_rho_is_infinite_where_it_cannot_be_weighed():
    """E[p/(1−f)²] is made up by gates with 1−f < e^{−340}; in the zero state it is e^{2v_f}."""
    points = rg.fixed_points(rg.LSTM(a_h=3, a_f=np.array([40.0, 50.0])))
    assert points.rho[0, 1] == pytest.approx(4.13744e22, rel=1e-5) and np.isinf(points.rho[1, 1])
    assert np.isinf(rg.fixed_points(rg.LSTM(a_h=3, v_f=1e4)).rho[0])
    assert not points.stable.any()
