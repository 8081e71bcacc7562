"""The density just inside the boundary: closed forms, and the full self-consistent equations."""

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.special import expit

import rmt_gates as rg
from rmt_gates.spectra.criterion import perron_root
from rmt_gates.spectra.edge import blur, boundary_density, edge_density


def test_zero_fixed_point_is_a_uniform_disc():
    """1/(πR²) all around (20), and 1/√(2πN) of N eigenvalues outside."""
    point = rg.fixed_points(rg.GRU(a_h=3, a_z=2, a_r=4, b_z=0.5, b_r=-0.3))[0]
    s, R = expit(0.5), expit(-0.5) * expit(-0.3) * 3
    lam = s + R * np.exp(1j * np.linspace(0, np.pi, 7))
    np.testing.assert_allclose(edge_density(point.unit, lam), 1 / (np.pi * R**2), rtol=1e-7)
    curve = rg.spectral_curve(point)
    assert curve.expected_outside(10**6) == pytest.approx(1000 / np.sqrt(2 * np.pi), rel=1e-3)


@pytest.mark.parametrize("b_z", [0.0, -1.0])
def test_constant_gates(b_z):
    """a_r = v_r = 0 and z = s: (E φ'²)² / (πR² E φ'⁴), the same all around the circle (23)."""
    point = rg.fixed_points(rg.GRU(a_h=4, b_z=b_z, b_r=0.3))[1]
    unit = point.unit
    slope = 1 / np.cosh(unit["y"]) ** 2
    second, fourth = np.mean(slope**2), np.mean(slope**4)
    s, R = expit(b_z), expit(-b_z) * 4 * expit(0.3) * np.sqrt(second)
    lam = s + R * np.exp(1j * np.linspace(0, np.pi, 5))
    np.testing.assert_allclose(perron_root(unit, lam).root, 1, rtol=1e-12)
    exact = second**2 / (np.pi * R**2 * fourth)
    np.testing.assert_allclose(edge_density(unit, lam), exact, rtol=1e-8)
    assert exact < 0.8 / (np.pi * R**2)


def test_without_a_reset_gate(random_unit):
    """Proposition B.1 expanded at the boundary: |∂_λS|²/(π E[(s/|λ−z|²)²]), S by a sample mean."""
    unit = random_unit(60, seed=3, a_r=0.0)
    unit = unit.model.unit(
        {"zeta": unit["zeta"], "xi": np.full(60, 0.4), "y": unit["y"]}, unit["h"], unit.weights
    )
    z, r, slope = expit(unit["zeta"]), expit(0.4), 1 / np.cosh(unit["y"]) ** 2
    s = (r * 2 * (1 - z) * slope) ** 2 + (3 * z * (1 - z) * (unit["h"] - np.tanh(unit["y"]))) ** 2
    w = unit.weights
    for x in (-0.1, 0.3, 0.8):
        low, high = 1e-3, 5.0
        for _ in range(100):
            y = 0.5 * (low + high)
            S = w @ (s / abs(x + 1j * y - z) ** 2) - 1
            low, high = (y, high) if S > 0 else (low, y)
        lam = x + 1j * y
        d = abs(lam - z) ** 2
        assert perron_root(unit, lam).root == pytest.approx(1, rel=1e-12)
        gradient = w @ (s * (np.conj(lam) - z) / d**2)
        exact = abs(gradient) ** 2 / (np.pi * (w @ (s / d) ** 2))
        np.testing.assert_allclose(edge_density(unit, np.array([lam])), exact, rtol=1e-6)


class Equations:
    """τ_k = a_k² E(ĈPĈ†)_kk, κ_k = a_k² E(B̂†QB̂)_kk of THEORY.md §4.4, for a small sample."""

    def __init__(self, unit):
        self.w, self.a2 = unit.weights, unit.model.gains() ** 2
        n = len(unit)
        inputs = {k: unit[k] for k in ("zeta", "xi", "y")}
        blocks = unit.model.blocks(inputs, unit["h"], 0.0)
        self.X0, self.B, self.C = (
            np.array([[np.broadcast_to(e, n) for e in row] for row in m]).transpose(2, 0, 1)
            for m in blocks
        )
        self.unit = unit

    def inverse(self, lam, tau, kappa):
        X = self.X0.astype(complex)
        X[:, 0, 0] += lam
        T1 = (self.B * tau) @ self.B.transpose(0, 2, 1)
        T2 = (self.C.transpose(0, 2, 1) * kappa) @ self.C
        W = np.block([[T1.astype(complex), X], [-X.conj().transpose(0, 2, 1), T2.astype(complex)]])
        return np.linalg.inv(W)

    def sides(self, lam, tau, kappa):
        V = self.inverse(lam, tau, kappa)
        Q, P = V[:, :2, :2], V[:, 2:, 2:]
        new_tau = np.einsum("u,uki,uij,ukj->k", self.w, self.C, P, self.C).real
        new_kappa = np.einsum("u,uik,uij,ujk->k", self.w, self.B, Q, self.B).real
        return self.a2 * new_tau, self.a2 * new_kappa

    def resolvent(self, lam):
        """G(λ) inside the support, from the Perron vectors by least squares in the logarithms."""
        root, right, left = perron_root(self.unit, lam)
        e = np.sqrt(1 - 1 / root)

        def residual(logs):
            tau, kappa = np.exp(logs[:3]), np.exp(logs[3:])
            new_tau, new_kappa = self.sides(lam, tau, kappa)
            change = np.log(np.concatenate([new_tau, new_kappa]))
            return np.append(change - logs, logs[:3].sum() - logs[3:].sum())

        scale = np.sqrt(1 / (left @ right))
        start = np.log(np.concatenate([e * scale * right, e * scale * left]))
        solution = least_squares(residual, start, xtol=1e-15, ftol=1e-15, gtol=1e-15)
        assert np.abs(solution.fun).max() < 1e-9
        V = self.inverse(lam, np.exp(solution.x[:3]), np.exp(solution.x[3:]))
        return self.w @ V[:, 2, 0]

    def density(self, lam, d=1e-4):
        """(1/π) ∂G/∂λ̄."""
        across = self.resolvent(lam + 1j * d) - self.resolvent(lam - 1j * d)
        along = self.resolvent(lam + d) - self.resolvent(lam - d)
        return (0.5 * (along + 1j * across) / (2 * d) / np.pi).real


@pytest.mark.parametrize("seed", [0, 5])
def test_is_the_limit_of_the_full_equations(random_unit, seed):
    """All three matrices, everything correlated: no closed form, and the density from inside."""
    unit = random_unit(12, seed=seed, a_h=3.0)
    direction = np.exp(0.8j)

    def level(t):
        return perron_root(unit, 0.4 + t * direction).root - 1

    low, high = 0.6, 6.0
    assert level(high) < 0
    while level(low) < 0:
        low *= 0.8
    for _ in range(80):
        t = 0.5 * (low + high)
        low, high = (t, high) if level(t) > 0 else (low, t)
    boundary = 0.4 + t * direction
    equations = Equations(unit)
    near = [equations.density(boundary - k * 4e-3 * direction) for k in (1, 2, 3)]
    limit = 3 * near[0] - 3 * near[1] + near[2]
    got = edge_density(unit, np.array([boundary]))[0]
    assert got == pytest.approx(limit, rel=2e-3)
    assert abs(near[2] / limit - 1) > 5e-3  # it is the limit that is matched


@pytest.mark.parametrize("weighted", [False, True])
def test_blur_is_the_integral_along_the_boundary(random_unit, weighted):
    """(2π√2)⁻¹ ∮ √μ |dλ|, both halves."""
    unit = random_unit(50, seed=2)
    if not weighted:
        unit = unit.model.unit({k: unit[k] for k in ("zeta", "xi", "y")}, unit["h"])
    angle = np.linspace(np.pi, 0, 401)
    lam = 0.5 + 1.2 * np.exp(1j * angle)
    root = np.sqrt(edge_density(unit, lam[1:-1]))
    exact = 2 * np.trapezoid(root, 1.2 * (np.pi - angle[1:-1])) / (2 * np.pi * np.sqrt(2))
    density = boundary_density(unit, lam.real, lam.imag)
    assert blur(lam.real, lam.imag, density) == pytest.approx(exact, rel=1e-2)
    assert blur(lam.real, lam.imag, density, 10**8) == pytest.approx(exact, rel=1e-2)


def test_a_lens_that_no_network_resolves_has_nothing_outside():
    """A stable state with gate density: a disc, and a thin lens along the rest of [0, 1]."""
    point = rg.fixed_points(rg.GRU(a_h=0.6, a_z=0.6, v_z=0.02))[0]
    curve = rg.spectral_curve(point)
    z, R = 0.5, 0.15
    disc = np.sqrt(500 / (2 * np.pi))  # of the zero state without v_z, (20)
    assert curve.marginal and curve.x[-1] > z + 2 * R
    assert curve.expected_outside(500) == pytest.approx(disc, rel=0.15)
    lenses = blur(curve.x, curve.y, curve.edge_density) * np.sqrt(500)
    assert lenses > 1.3 * disc


def test_what_is_resolved_is_as_high_as_its_own_blur():
    """1/√(2πNμ): a lens of height y counts from N = 1/(2πμy²) on, and where μ = 0 nothing does."""
    x = np.linspace(0, 1, 201)
    y, density = np.full(201, 0.01), np.where(x <= 0.5, 4.0, 0.0)
    N = 1 / (2 * np.pi * 4.0 * 0.01**2)
    assert blur(x, y, density, 0.99 * N) == 0
    whole = 2 * 0.5 * 2 / (2 * np.pi * np.sqrt(2))
    assert blur(x, y, density, 1.01 * N) == pytest.approx(whole, rel=0.01)


def test_beside_what_is_resolved_two_blurs_count():
    x = np.linspace(0, 1, 2001)
    y = np.where(x <= 0.2, 1.0, 1e-9)  # the step down is of length 1
    for width in (0.05, 0.1):
        got = blur(x, y, np.ones(2001), 1 / (2 * np.pi * width**2))
        along = 0.2 + 1 + 2 * width
        assert got == pytest.approx(2 * along / (2 * np.pi * np.sqrt(2)), rel=1e-3)


@pytest.mark.parametrize("name", ["chaotic", "sharp"])
def test_expected_outside_of_a_state(name, request):
    """The whole boundary, every unit of the sample; and the same for the sample's own curve."""
    state = request.getfixturevalue(name)
    curve = rg.spectral_curve(state)
    every = slice(4, -4, 8)
    root = np.sqrt(edge_density(state.unit, (curve.x + 1j * curve.y)[every]))
    length = np.append(0, np.cumsum(np.abs(np.diff(curve.x + 1j * curve.y))))
    exact = 2 * np.trapezoid(root, length[every]) / (2 * np.pi * np.sqrt(2))
    assert curve.expected_outside(10**8) == pytest.approx(1e4 * exact, rel=0.08)
    sample = rg.spectral_curve(state.unit)
    assert sample.expected_outside(1000) == pytest.approx(curve.expected_outside(1000), rel=0.1)
