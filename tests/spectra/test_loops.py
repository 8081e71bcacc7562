"""Which matrices share unknowns, which do nothing, and independent feedback loops."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.architectures.base import Blocks
from rmt_gates.spectra.loops import feedback_loops
from rmt_gates.unit import Unit


class TwoLoops:
    """Two leaky variables that never meet, and a third matrix that only passes one on."""

    carried, carriers = ("h",), (0, 1)

    def __init__(self, n, passes_on):
        self.a, self.b, self.c = np.random.default_rng(0).normal(size=(3, 2, n))
        self._on = 1 if passes_on else 0

    def gains(self):
        return np.array([1.5, 2.0, 0.7])

    def blocks(self, inputs, carry, lam, xp=np):
        return Blocks(
            X=[[lam - 0.3 * self.a[0], 0], [0, lam - 0.2 * self.a[1]]],
            B=[[self.b[0], 0, 0], [0, self.b[1], self.b[0]]],
            C=[[self.c[0], 0], [0, self.c[1]], [self._on * self.c[0], 0]],
        )

    def criterion_poles(self, unit):
        return None


def two_loops(n=30, passes_on=True):
    return Unit(TwoLoops(n, passes_on), {"h": np.zeros(n)})


def matrices(loops):
    return [[[k for k, _ in row] for row in rows] for rows in loops]


def test_rows_of_the_architectures(random_unit):
    """Before: U_r and U_z multiply h alone. With a constant reset gate r, U_h multiplies r h."""
    assert matrices(feedback_loops(random_unit())) == [[[0], [1, 2]]]
    assert matrices(feedback_loops(random_unit(a_r=0.0))) == [[[0], [2]]]
    point = rg.fixed_points(rg.GRU(a_h=3, a_z=1, b_r=0.4))[-1]
    network = rg.sample_network(point.model, 30, rng=0)
    unit = network.unit(network.initial_state(rng=0))
    (((first, second),),) = feedback_loops(unit)
    assert first == (0, 1.0) and second[0] == 2
    assert second[1] == pytest.approx(1 + np.exp(-0.4), rel=1e-12)


def test_matrices_without_effect():
    """At h = 0 the gates' matrices move nothing; without gains nothing does."""
    zero = rg.fixed_points(rg.GRU(a_h=3, a_z=2, a_r=4))[0]
    assert matrices(feedback_loops(zero.unit)) == [[[0]]]
    rest = rg.fixed_points(rg.GRU(a_h=3, a_z=2, a_r=4))[-1]
    assert matrices(feedback_loops(rest.unit)) == [[[0], [1]]]  # h = φ: U_z neither
    assert feedback_loops(rg.fixed_points(rg.GRU(a_h=0, a_z=2))[0].unit) == []


def test_independent_loops_add_up():
    """G − E tr X⁻¹ is the sum over the loops: each is that of a network with its matrix alone."""
    unit = two_loops()
    assert sorted(matrices(feedback_loops(unit))) == [[[0]], [[1]]]
    lam = np.array([0.3 + 0.4j, 1.0 + 0.2j, -0.5 + 0.9j])
    found = rg.resolvent(unit, lam)
    total, density = 0.0, 0.0
    for k, own in ((0, 0.3), (1, 0.2)):
        pole = own * unit.model.a[k]
        s = (unit.model.gains()[k] * unit.model.b[k] * unit.model.c[k]) ** 2
        for p, l in enumerate(lam):
            d = abs(l - pole) ** 2
            low, high = 0.0, 1.0
            for _ in range(60):
                F = 0.5 * (low + high)
                low, high = (F, high) if np.mean(s / (d + F * s)) > 1 else (low, F)
            at = np.zeros(len(lam))
            at[p] = 1
            total = total + at * np.mean((l - pole).conj() / (d + low * s))
            u = 1 / (d + low * s)
            pull = np.mean((l - pole) * s * u**2)
            density = density + at * (
                low * np.mean(s * u**2) + abs(pull) ** 2 / np.mean(s**2 * u**2)
            ) * (low > 0)
    np.testing.assert_allclose(found.G, 0.5 * total, rtol=1e-9)
    np.testing.assert_allclose(found.density, 0.5 * density / np.pi, rtol=1e-7)


def test_what_only_passes_on_changes_nothing():
    """A matrix on no loop shifts no eigenvalue."""
    lam = np.array([0.3 + 0.4j, 1.0 + 0.2j])
    with_it, without = (rg.resolvent(two_loops(passes_on=on), lam) for on in (True, False))
    np.testing.assert_array_equal(with_it.G, without.G)
