"""S(λ) of the LSTM, (36): as pole terms, on a sample, and as the general criterion."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit, ndtr

import rmt_gates as rg
from rmt_gates.architectures.lstm_clipped_numerator import ClippedNumerator
from rmt_gates.architectures.lstm_gates import OPEN
from rmt_gates.architectures.lstm_numerators import PathNumerator, RestNumerator, forget_terms
from rmt_gates.architectures.lstm_paths import LOGITS
from rmt_gates.architectures.lstm_rest import RestUnit
from rmt_gates.gaussian import SIGMOID, expect
from rmt_gates.gaussian.conditional_moment import ConditionalMoment
from rmt_gates.spectra.boundary_function import BoundaryFunction
from rmt_gates.spectra.criterion import perron_root

LAM = np.array([1.3 + 0.2j, -0.4 + 0.5j, 0.5 + 0.3j, 1.05, 0.02 + 0.9j])
MODELS = [
    {"a_h": 3, "a_i": 1, "a_f": 1, "a_o": 10},
    {"a_h": 1.5, "a_f": 8},
    {"a_h": 2.5, "a_i": 4, "a_f": 2, "a_o": 1, "b_h": 0.3, "b_f": 0.8, "v_f": 1.2, "v_i": 0.5},
]


def largest(**parameters):
    return rg.fixed_points(rg.LSTM(**parameters))[-1]


def of_nodes(point, lam):
    """S+1 as a plain sum over the nodes of the quadrature of ρ."""
    unit = RestUnit(point.model, point.C_h)
    eta_f, weight = unit.p_numerators()
    f, leak = expit(eta_f), expit(-eta_f)
    pole = np.array([weight @ (leak / abs(x - f)) ** 2 for x in lam])
    return unit.q / abs(lam) ** 2 + pole


@pytest.mark.parametrize("parameters", MODELS, ids=str)
def test_pole_terms_are_the_quadrature_of_S(parameters):
    point = largest(**parameters)
    boundary = BoundaryFunction(point.model.pole_terms(point.C_h))
    value, _ = boundary.plus_one(LAM.real, 1 - LAM.real, LAM.imag)
    np.testing.assert_allclose(value, of_nodes(point, LAM), rtol=2e-9)
    averages = {name: v for name, (v, _) in point.averages.items()}
    assert boundary.weight == pytest.approx(averages["E[q]"] + averages["E[p]"], rel=1e-11)


CLIPPED = [*MODELS, {"a_h": 2.4, "a_i": 0.3, "a_f": 60}, {"a_h": 0.5, "b_h": 0.8, "v_f": 1}]


@pytest.mark.parametrize("parameters", CLIPPED, ids=str)
def test_hard_tanh(parameters):
    """The curve by integrals, kinks met: S against the quadrature of ρ, and the same radius."""
    point = largest(**{"a_h": 4, **parameters, "activation": "hardtanh"})
    assert RestUnit(point.model, point.C_h).clipped
    curve = rg.spectral_curve(point)
    np.testing.assert_allclose(curve.S(LAM) + 1, of_nodes(point, LAM), rtol=2e-12)
    on = curve.y > 0
    assert on.sum() > 380 and np.all(np.isfinite(curve.y))
    np.testing.assert_allclose(curve.S(curve.x[on] + 1j * curve.y[on]), 0, atol=1e-9)
    assert curve.radius == pytest.approx(point.spectral_radius, rel=1e-12)
    assert curve.marginal == point.stable == (point.spectral_radius == 1)
    averages = {name: v for name, (v, _) in point.averages.items()}
    assert curve.boundary.weight == pytest.approx(averages["E[q]"] + averages["E[p]"], rel=1e-11)
    # and a third route, the unit's Sobol sample, away from its poles
    sampled = perron_root(point.unit, LAM[[0, 4]]).root
    np.testing.assert_allclose(curve.S(LAM[[0, 4]]) + 1, sampled, rtol=0.02)


@pytest.mark.parametrize("v_i", [0.0, 0.02, 1.5])
def test_clipped_numerator_given_the_gate(v_i):
    """E[p|η_f] by nested adaptive quadrature, cut where |y| = 1 and |c| = 1."""
    model = rg.LSTM(a_h=2, a_f=3, a_i=2, b_i=0.4, v_i=v_i, b_h=0.3, activation="hardtanh")
    rest = RestUnit(model.replace(a_i=0) if v_i == 0 else model, 0.2)
    model, sd_y, sd_i = rest.model, np.sqrt(0.8), np.sqrt(rest.variance["i"])

    def of_y(eta_f, eta_i):
        i, f = expit(eta_i), expit(eta_f)
        g = i * (1 + np.exp(eta_f))
        r = min(1.0, 1 / g)
        through = (model.a_f * f * (1 - f)) ** 2 + ((1 - f) * model.a_i * (1 - i)) ** 2

        def p(y):
            c = g * np.clip(y, -1, 1)
            direct = (2 * i) ** 2 * (abs(y) < 1)
            bell = np.exp(-0.5 * ((y - 0.3) / sd_y) ** 2) / (sd_y * np.sqrt(2 * np.pi))
            return (abs(c) < 1) * (through * c**2 + direct) * bell

        inside = quad(p, -r, r, epsabs=1e-13)[0]
        return inside if g >= 1 else inside + quad(p, -9, -1)[0] + quad(p, 1, 9)[0]

    def of_gates(eta_f):
        if sd_i == 0:
            return of_y(eta_f, 0.4)

        def weighted(x):
            return of_y(eta_f, 0.4 + sd_i * x) * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)

        kink = float(np.clip((-eta_f - 0.4) / sd_i, -9, 9))
        return sum(quad(weighted, *ends, epsabs=1e-10)[0] for ends in ((-9, kink), (kink, 9)))

    eta = np.array([-2.0, -0.45, -0.35, 1.0, 4.0])
    got = ClippedNumerator(rest).p(eta) / rest.output_square
    np.testing.assert_allclose(got, [of_gates(x) for x in eta], rtol=1e-7)


@pytest.mark.parametrize("parameters", MODELS, ids=str)
def test_numerator_is_analytic(parameters):
    """Its mean over circles is the value in the middle, and its derivative is one."""
    point = largest(**parameters)
    q = RestNumerator(RestUnit(point.model, point.C_h))
    middle = np.array([-6.0, -1.0, 0.3, 2.0, 7.0])
    around = middle[:, None] + 0.3 * np.exp(2j * np.pi * np.arange(32) / 32)
    means = q(around.ravel()).reshape(around.shape).mean(axis=1)
    np.testing.assert_allclose(means, q(middle), rtol=1e-8)
    step = 1e-3
    slope = (q(middle + step) - q(middle - step)) / (2 * step)
    np.testing.assert_allclose(q.derivative(middle), slope, rtol=1e-5)


@pytest.mark.parametrize(
    "parameters, C, eta",
    [
        ({"a_i": 2, "v_f": 400}, 0.3, [-5, 3, 12, 60, 100]),
        ({"a_i": 2, "v_f": 9}, 1e-24, [0, 12, 24, 30, 38]),
        ({"b_i": -30, "v_f": 100}, 0.3, [0, 26, 40, 60]),
        ({"a_h": 0, "v_h": 0.7, "a_i": 2, "v_f": 400}, 0.3, [-5, 12, 60, 100]),
    ],
    ids=str,
)
def test_numerator_given_the_gate(parameters, C, eta):
    """Trapezoids in η_i and log y, where the table ends and beyond: wide laws, small c."""
    model = rg.LSTM(**{"a_h": 3, "a_f": 1, **parameters})
    u = np.arange(-130, 4, 0.1)
    y, sd_y = np.exp(u), np.sqrt(model.a_h**2 * C + model.v_h)
    w_y = 0.2 * y * np.exp(-0.5 * (y / sd_y) ** 2) / (sd_y * np.sqrt(2 * np.pi))
    x = np.arange(-9, 9.1, 0.2)[:, None]
    w_i = np.exp(-(x[:, 0] ** 2) / 2) / np.exp(-x * x / 2).sum()
    i, shut = (expit(s * (model.b_i + model.a_i * np.sqrt(C) * x)) for s in (1, -1))
    expected = []
    for e in eta:
        c = i * (1 + np.exp(e)) * np.tanh(y)
        slope = np.cosh(np.minimum(c, 170)) ** -4.0
        through = (model.a_f * expit(e)) ** 2 + (model.a_i * shut) ** 2
        p = slope * i**2 * (through * np.tanh(y) ** 2 + model.a_h**2 * np.cosh(y) ** -4.0)
        expected.append(w_i @ p @ w_y)
    rest = RestUnit(model, C)
    got = RestNumerator(rest).p(np.array(eta, float)) / rest.output_square
    np.testing.assert_allclose(got, expected, rtol=1e-10)


@pytest.mark.parametrize("parameters", MODELS, ids=str)
def test_curve_at_a_fixed_point(parameters):
    point = largest(**parameters)
    curve = rg.spectral_curve(point)
    on = curve.y > 0
    assert on.sum() > 300
    S = curve.S(curve.x[on] + 1j * curve.y[on])
    np.testing.assert_allclose(S, 0, atol=1e-11)
    assert curve.radius == pytest.approx(point.spectral_radius, rel=1e-11)
    outside = [x for x in LAM if not curve.contains(x)]
    assert outside and np.all(of_nodes(point, np.array(outside)) < 1)


def test_zero_state():
    """(37): δ(λ) and a disc of centre σ(b_f) and radius σ(b_o) σ(b_i) a_h."""
    point = rg.fixed_points(rg.LSTM(a_h=5, a_f=3, a_o=2, b_f=0.6, b_i=-0.3, b_o=0.2))[0]
    curve = rg.spectral_curve(point)
    R = 5 * expit(0.2) * expit(-0.3)
    np.testing.assert_allclose(np.hypot(curve.x - expit(0.6), curve.y), R, rtol=1e-12)
    assert point.stable == (expit(0.6) + R < 1)
    assert point.spectral_radius == pytest.approx(expit(0.6) + R, rel=1e-13)


@pytest.mark.parametrize("a_o", [3, 20])
def test_nothing_reaches_the_cell(a_o):
    """a_h = a_f = a_i = 0: p = 0, E[q]/|λ|² is a disc, and the forget gates lie on [0, 1]."""
    point = largest(a_h=0, a_o=a_o, b_h=1.5, b_f=2, v_f=0.5)
    disc = np.sqrt(point.averages["E[q]"][0])
    curve = rg.spectral_curve(point)
    on = curve.y > 0
    np.testing.assert_allclose(np.hypot(curve.x, curve.y)[on], disc, rtol=1e-12)
    assert on.sum() > 100 and curve.x[0] == pytest.approx(-disc, rel=1e-12)
    last = np.flatnonzero(on)[-1]
    assert curve.x[last] < disc <= curve.x[last + 1] * (1 + 1e-12)
    assert (disc > 1) == (a_o == 20)
    for radius in (curve.radius, point.spectral_radius):
        assert radius == pytest.approx(max(disc, 1), rel=1e-12)
    assert curve.contains(0.99) and not curve.contains(0.99 + 1.01j * disc)


@pytest.mark.parametrize("activation", ["tanh", "hardtanh"])
@pytest.mark.parametrize("parameters", [{"a_o": 4}, {"a_o": 4, "a_i": 2}, {"a_f": 2, "a_o": 1}])
def test_states_without_pole_terms_use_their_sample(parameters, activation):
    """Two constant poles make no circle: the curve is the criterion's."""
    point = largest(a_h=4, activation=activation, **parameters)
    terms = point.model.pole_terms(point.C_h)
    assert (terms is None) == ("a_f" not in parameters)
    curve = rg.spectral_curve(point)
    assert curve.radius == pytest.approx(point.spectral_radius, rel=3e-3)


# -- samples ------------------------------------------------------------------------------------
@pytest.fixture(params=["tanh", "hardtanh"])
def sample(request):
    """A weighted sample in which everything depends on everything."""
    rng = np.random.default_rng(3)
    n = 40
    mixed = rng.normal(size=(4, n)) + 0.5 * rng.normal(size=n)
    inputs = dict(zip(("eta_f", "eta_i", "eta_o", "y"), mixed, strict=True))
    c = rng.normal(size=n) + inputs["eta_f"]
    model = rg.LSTM(a_h=3, a_i=2, a_f=1.5, a_o=2.5, activation=request.param)
    return model.unit(inputs, (c, np.tanh(c)), rng.uniform(0.2, 1, n))


def numerators(unit):
    """q and p of (36), unit by unit."""
    f, i, o = (expit(unit[f"eta_{k}"]) for k in "fio")
    phi, dphi, model = unit.model.phi.phi, unit.model.phi.dphi, unit.model
    y, c = unit["y"], unit["c"]
    after = f * c + i * phi(y)
    into_c = (model.a_f * c * f * (1 - f)) ** 2 + (model.a_i * i * (1 - i) * phi(y)) ** 2
    into_c += (model.a_h * i * dphi(y)) ** 2
    q = (model.a_o * o * (1 - o) * phi(after)) ** 2
    return q, (o * dphi(after)) ** 2 * into_c


def test_criterion_is_S(sample):
    """For the LSTM the Perron root equals S+1 everywhere, on any sample of units."""
    q, p = numerators(sample)
    f, w = expit(sample["eta_f"]), sample.weights
    S_plus_one = [w @ (q / abs(x) ** 2 + p / abs(x - f) ** 2) for x in LAM]
    np.testing.assert_allclose(perron_root(sample, LAM).root, S_plus_one, rtol=1e-12)
    curve = rg.spectral_curve(sample)
    np.testing.assert_allclose(curve.S(LAM) + 1, S_plus_one, rtol=1e-12)
    on = curve.y > 0
    z = curve.x[on] + 1j * curve.y[on]
    S = np.array([w @ (q / abs(x) ** 2 + p / abs(x - f) ** 2) for x in z]) - 1
    np.testing.assert_allclose(S, 0, atol=1e-10)
    np.testing.assert_allclose(perron_root(sample, z).root, 1, atol=1e-10)


def test_averages_of_a_sample(sample):
    q, p = numerators(sample)
    averages = sample.averages()
    assert averages["E[q]"] == pytest.approx(sample.weights @ q, rel=1e-13)
    assert averages["E[p]"] == pytest.approx(sample.weights @ p, rel=1e-13)
    assert averages["C_h(0)"] == pytest.approx(sample.weights @ sample["h"] ** 2, rel=1e-13)


@pytest.mark.parametrize("parameters", MODELS, ids=str)
def test_averages_of_theory_and_of_its_sample(parameters):
    """Twins: quadrature, and 2¹⁴ Sobol points of the same unit; with the wrong gain they differ."""
    point = largest(**parameters)
    theory = {name: v for name, (v, _) in point.averages.items()}
    sampled = point.unit.averages()
    for name, value in theory.items():
        assert sampled[name] == pytest.approx(value, rel=5e-3, abs=1e-12)
    wrong = largest(**{**parameters, "a_h": 1.03 * parameters["a_h"]}).averages
    assert abs(wrong["E[p]"][0] / sampled["E[p]"] - 1) > 5e-3


# -- steady states ------------------------------------------------------------------------------
def moment_of(A, B, variance=2.0):
    """The moment of a state in which A and B depend on f alone, through functions of η."""
    return ConditionalMoment(0.3, variance, np.concatenate([A(LOGITS), B(LOGITS)])[None])


def test_numerator_of_a_sampled_state():
    """p = E[o²] (a_f² (1−f)² A + B), interpolated between fixed gates, on the complex strip too."""
    A, B = (lambda eta: 0.2 / (2 + np.exp(-eta)) ** 2), (lambda eta: 1 / (1 + 3 * np.exp(eta)))
    q = PathNumerator(0.3, 5.0, moment_of(A, B))
    eta = np.array([-30.0, -4.0, -1.0, 0.5, 3.0, 20.0, 0.5 + 0.8j, -2 - 1j])
    p = 0.3 * ((5.0 / (1 + np.exp(eta))) ** 2 * A(eta) + B(eta))
    np.testing.assert_allclose(q.p(eta), p, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(q(eta), (1 + np.exp(eta)) ** 2 * q.p(eta), rtol=1e-12)
    near, step = eta[np.abs(eta) < 10], 1e-4
    slope = (q(near + step) - q(near - step)) / (2 * step)
    np.testing.assert_allclose(q.derivative(near), slope, rtol=1e-6, atol=1e-9)
    # and E[p]: the mean over the gate's law
    x = np.linspace(-9, 9, 2001)
    weight = np.exp(-x * x / 2) / np.exp(-x * x / 2).sum()
    assert q.mean(0.3, 2.0) == pytest.approx(weight @ q.p(0.3 + np.sqrt(2.0) * x), rel=1e-10)


def test_past_and_present_of_a_gate():
    """A moment that depends on η_f through the past: Legendre in its quantile, f held fixed."""
    coefficients = np.zeros((3, 2 * len(LOGITS)))
    coefficients[0], coefficients[1, : len(LOGITS)] = 0.5, 0.2
    moment = ConditionalMoment(0.3, 2.0, coefficients)
    eta = np.array([-2.0, 0.3, 1.5])
    quantile = 2 * ndtr((eta - 0.3) / np.sqrt(2.0)) - 1
    p = 4.0 * expit(-eta) ** 2 * (0.5 + 0.2 * quantile) + 0.5
    np.testing.assert_allclose(PathNumerator(1.0, 2.0, moment).p(eta), p, rtol=1e-12)


@pytest.mark.parametrize("variance", [4.0, 1e3, 3e4, 1e6])
def test_gates_open_to_the_last_digit_keep_their_weight(variance):
    """(1+e^η)² overflows beyond η = 355, and E[p] has to stay what it is."""
    q = PathNumerator(0.3, 5.0, moment_of(lambda eta: 0 * eta, lambda eta: 0.4 + 0 * eta, variance))
    terms = forget_terms(q, 0.3, variance)
    assert len(terms) == (1 if variance < 1.4e3 else 2)
    tolerance = 1e-12 if len(terms) == 1 else 1e-3  # the cut is half a step of the lattice off
    assert BoundaryFunction(terms).weight == pytest.approx(0.3 * 0.4, rel=tolerance)
    assert np.all(np.isfinite(terms[-1].q(np.array([OPEN - 1, OPEN + 1, 1e4]))))


@pytest.mark.parametrize("mean, variance", [(300.0, 1e3), (100.0, 1e3), (0.3, 3e4)])
def test_the_share_of_gates_open_to_the_last_digit(mean, variance):
    """E[p] for a p that shut gates have not: the share is that of the open ones."""
    q = PathNumerator(0.3, 5.0, moment_of(lambda eta: 0 * eta, lambda eta: 0.4 * expit(eta)))
    terms = forget_terms(q, mean, variance)
    open_share = ndtr((mean - OPEN) / np.sqrt(variance))
    assert len(terms) == 2
    last = BoundaryFunction(terms[:1]).weight
    assert last == pytest.approx(0.3 * 0.4 * open_share, rel=2e-9)
    exact = 0.3 * 0.4 * expect(SIGMOID, mean, variance)
    assert BoundaryFunction(terms).weight == pytest.approx(exact, rel=1e-3)
