"""S(λ)+1 against quadrature that knows nothing of poles, and its derivative."""

import numpy as np
import pytest
from scipy.special import erf

import rmt_gates as rg
from rmt_gates.architectures.base import Blocks, CriterionPole, PoleTerm
from rmt_gates.spectra.boundary_function import BoundaryFunction, CriterionBoundary
from rmt_gates.spectra.criterion import perron_root
from rmt_gates.unit import Unit


def sigma(x):
    return 1 / (1 + np.exp(-x))


def panels(breaks):
    t, w = np.polynomial.legendre.leggauss(20)
    half, middle = np.diff(breaks) / 2, (breaks[1:] + breaks[:-1]) / 2
    return (middle[:, None] + half[:, None] * t).ravel(), (half[:, None] * w).ravel()


def S_plus_one(lam, mean, variance, q):
    """E[(1−z)² q(ζ)/|λ−z|²] on panels graded towards the gate's own λ and towards its step."""
    sd = np.sqrt(variance)
    p = np.log(complex(lam)) - np.log(1 - complex(lam))
    breaks = [mean + sd * np.linspace(-9, 9, 37)]
    for centre in (p.real, 0.0):
        for side in (-1, 1):
            breaks.append(centre + side * np.geomspace(1e-9, 60, 60))
    breaks = np.unique(np.concatenate(breaks))
    breaks = breaks[(breaks >= mean - 9 * sd) & (breaks <= mean + 9 * sd)]
    x, w = panels(np.concatenate([[mean - 9 * sd], breaks, [mean + 9 * sd]]))
    z, leak = sigma(x), sigma(-x)
    distance = np.abs(lam - z) ** 2 if lam.real < 0.5 else np.abs((1 - lam) - leak) ** 2
    bell = np.exp(-((x - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    return np.sum(w * bell * leak**2 / distance * q(x))


POINTS = [
    0.5 + 0.6j,
    0.3 + 1e-6j,
    0.9 + 1e-6j,
    0.999 + 1e-4j,
    1.3 + 0.2j,
    -0.4 - 0.3j,
    1.7 + 0j,
    -0.8 + 0j,
    1.001 + 0j,
]


@pytest.mark.parametrize("lam", POINTS)
@pytest.mark.parametrize(
    "parameters",
    [
        {"a_h": 3, "a_z": 1, "a_r": 10},
        {"a_h": 2.5, "a_z": 30, "a_r": 1, "b_z": 3},
        {"a_h": 3, "a_z": 0.2, "a_r": 2, "b_h": 0.2, "b_z": -1, "b_r": 1, "v_z": 0.5, "v_h": 0.3},
    ],
    ids=str,
)
def test_fixed_points(parameters, lam):
    point = rg.fixed_points(rg.GRU(**parameters))[-1]
    model, variance = point.model, point.model.a_z**2 * point.C_h + point.model.v_z
    exact = S_plus_one(lam, model.b_z, variance, lambda x: point.rho**2 + 0 * x)
    assert rg.spectral_curve(point).S(lam) + 1 == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("lam", POINTS)
def test_steady_states(sharp, lam):
    """q = ρ² + a_z² σ(ζ)² E[(h−φ)²|ζ], the moment a Legendre series in the quantile."""
    C, model = sharp.C_h0, sharp.model

    def q(x):
        u = erf((x - 0.0) / np.sqrt(2 * sharp.moment.variance))
        series = np.polynomial.legendre.legval(u, sharp.moment.coefficients)
        return model.rho(C) ** 2 + 100 * sigma(x) ** 2 * series

    assert rg.spectral_curve(sharp).S(lam) + 1 == pytest.approx(
        S_plus_one(lam, 0.0, 100 * C, q), rel=1e-9
    )


def quadratic_term(mean, variance):
    return PoleTerm(mean, variance, lambda x: 0.3 + 0.02 * x**2, lambda x: 0.04 * x)


@pytest.mark.parametrize("order", [1, -1])
def test_terms_add(order):
    terms = [quadratic_term(0.2, 1.0), quadratic_term(-1.0, 0.0)]
    both, first, second = (BoundaryFunction(t) for t in (terms[::order], terms[:1], terms[1:]))
    x, y = np.array([0.4, 1.5, -0.2]), np.array([0.1, 0.0, 0.3])
    for got, one, other in zip(
        *(b.plus_one(x, 1 - x, y) for b in (both, first, second)), strict=True
    ):
        np.testing.assert_allclose(got, one + other, rtol=1e-14)
    assert both.weight == pytest.approx(first.weight + second.weight, rel=1e-14)
    assert both.gate_density and first.gate_density and not second.gate_density
    for right in (True, False):
        total = first.beyond(0.3, right) + second.beyond(0.3, right)
        assert both.beyond(0.3, right) == pytest.approx(total, rel=1e-14)


def test_a_constant_gate():
    boundary = BoundaryFunction([quadratic_term(-1.0, 0.0)])
    s, q = sigma(-1.0), 0.32
    weight = (1 - s) ** 2 * q
    assert boundary.weight == pytest.approx(weight, rel=1e-14)
    value, slope = boundary.plus_one(0.9, 0.1, 0.4)
    d = (0.9 - s) ** 2 + 0.16
    np.testing.assert_allclose([value[0], slope[0]], [weight / d, -0.8 * weight / d**2], rtol=1e-13)
    assert boundary.beyond(0.5, True) == pytest.approx(weight / (1.5 - s) ** 2, rel=1e-13)
    assert boundary.beyond(0.5, False) == pytest.approx(weight / (0.5 + s) ** 2, rel=1e-13)


def test_weight_and_the_real_axis():
    boundary = BoundaryFunction([quadratic_term(0.2, 1.7)])
    q = lambda x: 0.3 + 0.02 * x**2
    far = 1e7
    assert boundary.weight == pytest.approx(S_plus_one(far + 0j, 0.2, 1.7, q) * far**2, rel=1e-6)
    for x, right in ((1.2, True), (-0.7, False)):
        exact = S_plus_one(x + 0j, 0.2, 1.7, q)
        assert boundary.beyond(abs(x) - right, right) == pytest.approx(exact, rel=1e-12)
        assert boundary.plus_one(x, 1 - x, 0.0)[0][0] == pytest.approx(exact, rel=1e-12)


def test_height_of_a_thin_lens():
    """π (1−x)² q p_z(x): where the curve hugs the axis, S(x + iy) → 0 at that y."""
    boundary = BoundaryFunction([PoleTerm(6.0, 1.5, lambda x: 0.9 + 0 * x, lambda x: 0 * x)])
    x = np.array([0.1, 0.5, 0.9])
    height = boundary.lens_height(x, 1 - x)
    logit = np.log(x / (1 - x))
    p_z = np.exp(-((logit - 6) ** 2) / 3) / np.sqrt(3 * np.pi) / (x * (1 - x))
    np.testing.assert_allclose(height, np.pi * (1 - x) ** 2 * 0.9 * p_z, rtol=1e-12)
    value, _ = boundary.plus_one(x, 1 - x, height)
    np.testing.assert_allclose(value, 1, rtol=1e-2)
    assert height[0] < 1e-8 < height[2] < 1e-3


def test_two_lenses_add():
    terms = [quadratic_term(0.0, 1.0), quadratic_term(1.0, 2.0), quadratic_term(0.3, 0.0)]
    x = np.array([0.3, 0.8])
    total = sum(BoundaryFunction([t]).lens_height(x, 1 - x) for t in terms[:2])
    np.testing.assert_allclose(BoundaryFunction(terms).lens_height(x, 1 - x), total, rtol=1e-14)


@pytest.mark.parametrize(
    "changes", [{}, {"a_r": 0.0}, {"a_z": 0.0}, {"a_h": 0.0}, {"a_z": 0.4}], ids=str
)
def test_of_a_sample(random_unit, changes, monkeypatch):
    """Poles and the dense criterion give the same Λ and ∂Λ/∂y."""
    unit = random_unit(25, **changes)
    x, y, d = np.array([0.3, 1.4, -0.5]), np.array([0.2, 0.1, 0.4]), 1e-6
    poles = CriterionBoundary(unit)
    root, slope = poles.plus_one(x, 1 - x, y)
    np.testing.assert_allclose(root, perron_root(unit, x + 1j * y).root, rtol=1e-12)
    up, down = (poles.plus_one(x, 1 - x, y + s * d)[0] for s in (1, -1))
    np.testing.assert_allclose(slope, (up - down) / (2 * d), rtol=1e-6)
    monkeypatch.setattr(type(unit.model), "criterion_poles", lambda self, unit: None)
    dense = CriterionBoundary(unit)
    for got, exact in zip(dense.plus_one(x, 1 - x, y), (root, slope), strict=True):
        np.testing.assert_allclose(got, exact, rtol=1e-11)
    np.testing.assert_allclose(dense.ends, poles.ends, rtol=1e-12)
    assert not poles.gate_density and not poles.lens_height(x, 1 - x).any()
    np.testing.assert_allclose(np.sort(poles.poles), np.sort(sigma(unit["zeta"])), rtol=1e-14)
    assert poles.scale == pytest.approx(0.5 * np.diff(poles.ends)[0])
    for end in poles.ends:
        assert perron_root(unit, end).root == pytest.approx(1, abs=1e-9)


def test_of_a_sample_without_weights(random_unit):
    """No gain, nothing spread: the boundary ends at the outermost gates."""
    unit = random_unit(5, a_h=0.0, a_r=0.0, a_z=0.0)
    boundary = CriterionBoundary(unit)
    z = sigma(unit["zeta"])
    np.testing.assert_allclose(boundary.ends, [z.min(), z.max()], rtol=1e-14)
    np.testing.assert_array_equal(boundary.plus_one(0.3, 0.7, 0.1), [[0], [0]])


@pytest.mark.parametrize("a_h", [0.3, 40.0])
def test_of_a_vanilla_sample(a_h):
    """Λ = a_h² E[φ'²]/|λ|²: a circle, however large or small."""
    rng = np.random.default_rng(0)
    y, w = 2 * rng.normal(size=20), rng.uniform(0.2, 1, 20)
    unit = rg.Vanilla(a_h=a_h).unit({"y": y}, np.tanh(y), w)
    R = a_h * np.sqrt(w @ np.cosh(y) ** -4.0 / w.sum())
    boundary = CriterionBoundary(unit)
    np.testing.assert_allclose(boundary.ends, [-R, R], rtol=1e-12)
    value, slope = boundary.plus_one(0.6 * R, 1 - 0.6 * R, 1.7 * R)
    d = 0.6**2 + 1.7**2
    np.testing.assert_allclose([value[0], slope[0]], [1 / d, -3.4 / (R * d**2)], rtol=1e-12)
    curve = rg.spectral_curve(unit)
    np.testing.assert_allclose(np.hypot(curve.x, curve.y), R, rtol=1e-9)
    assert curve.radius == pytest.approx(R, rel=1e-12)


class TwoShares:
    """A gate s = b₁·(U₁h) inside what U₀ and U₂ multiply: two of the |Y_kl|² are constant."""

    carried, carriers = ("h",), (0,)

    def __init__(self, gains, rng, n):
        self._gains = np.array(gains)
        self.a, self.b, self.c = (rng.uniform(0.2, 1, shape) for shape in (n, (3, n), (3, 2)))

    def gains(self):
        return self._gains

    def blocks(self, inputs, carry, lam, xp=np):
        b, c = self.b, self.c
        return Blocks(
            X=[[lam - self.a, 0], [0, 1]],
            B=[[b[0], 0, b[2]], [0, b[1], 0]],
            C=[[c[0, 0], c[0, 1]], [c[1, 0], 0], [c[2, 0], c[2, 1]]],
        )

    def criterion_poles(self, unit):
        b, c = self.b, self.c
        constant = {(k, 1): (c[k, 1] * b[1]) ** 2 for k in (0, 2)}
        moving = {(k, l): (c[k, 0] * b[l]) ** 2 for k in range(3) for l in (0, 2)}
        part = lambda entries, share: {place: share * entry for place, entry in entries.items()}
        return [
            CriterionPole(None, None, part(constant, 0.6)),
            CriterionPole(self.a, 1 - self.a, part(moving, 0.3)),
            CriterionPole(self.a, 1 - self.a, part(moving, 0.7)),
            CriterionPole(None, None, part(constant, 0.4)),
        ]


@pytest.mark.parametrize("gains", [(1.3, 0.8, 2.0), (1.3, 0.0, 2.0), (0.5, 0.8, 0.0)], ids=str)
def test_shares_of_a_sample_add(gains, monkeypatch):
    """Several entries a share, several shares an entry, shares of matrices without a gain."""
    rng = np.random.default_rng(5)
    unit = Unit(TwoShares(gains, rng, 9), {"h": np.zeros(9)}, rng.uniform(0.2, 1, 9))
    x, y = np.array([0.3, 1.4, -0.5]), np.array([0.2, 0.1, 0.4])
    poles = CriterionBoundary(unit).plus_one(x, 1 - x, y)
    np.testing.assert_allclose(poles[0], perron_root(unit, x + 1j * y).root, rtol=1e-13)
    monkeypatch.setattr(TwoShares, "criterion_poles", lambda self, unit: None)
    for got, exact in zip(poles, CriterionBoundary(unit).plus_one(x, 1 - x, y), strict=True):
        np.testing.assert_allclose(got, exact, rtol=1e-12)


def test_on_a_pole_the_root_is_infinite(random_unit):
    unit = random_unit(5)
    z = sigma(unit["zeta"])
    value, slope = CriterionBoundary(unit).plus_one(z[:1], 1 - z[:1], 0.0)
    assert value[0] == np.inf and slope[0] == -np.inf
