"""States and samples shared by the tests of this folder."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.architectures.base import Blocks
from rmt_gates.unit import Unit


@pytest.fixture(scope="session")
def chaotic():
    return rg.steady_state(rg.GRU(a_h=3, a_z=1, a_r=10), rng=0)


@pytest.fixture(scope="session")
def sharp():
    return rg.steady_state(rg.GRU(a_h=3, a_z=10, a_r=10), rng=0)


@pytest.fixture(scope="session")
def random_unit():
    """A weighted sample in which everything depends on everything."""

    def unit(n=30, seed=0, **parameters):
        rng = np.random.default_rng(seed)
        gains = {"a_h": 2.0, "a_z": 3.0, "a_r": 1.5, **parameters}
        mixed = rng.normal(size=(3, n)) + 0.5 * rng.normal(size=n)
        inputs = dict(zip(("zeta", "xi", "y"), mixed, strict=True))
        h = np.tanh(inputs["y"] + 0.7 * inputs["zeta"] + 0.5 * rng.normal(size=n))
        return rg.GRU(**gains).unit(inputs, h, rng.uniform(0.2, 1, n))

    return unit


@pytest.fixture(scope="session")
def closed_S():
    """S(λ) of Theorem 4.1, (18)–(19), every average over the weighted sample."""

    def S(unit, lam):
        model, w, y = unit.model, unit.weights, unit["y"]
        z, r = (1 / (1 + np.exp(-unit[name])) for name in ("zeta", "xi"))
        reset = w @ r**2 + model.a_r**2 * (w @ (r * (1 - r)) ** 2) * (w @ unit["h"] ** 2)
        rho_squared = model.a_h**2 * (w @ np.cosh(y) ** -4.0) * reset
        pull = model.a_z * z * (1 - z) * (unit["h"] - np.tanh(y))
        weight = w * (rho_squared * (1 - z) ** 2 + pull**2)
        return (weight / np.abs(np.asarray(lam)[..., None] - z) ** 2).sum(axis=-1) - 1

    return S


@pytest.fixture(scope="session")
def product_unit():
    """ζ × ξ × y independent, h a function of (ζ, y): what mean field assumes, on 336 units."""

    def unit(seed=1, at_rest=False, **parameters):
        rng = np.random.default_rng(seed)
        model = rg.GRU(**{"a_h": 2.5, "a_z": 3.0, "a_r": 2.0, **parameters})
        grids = [rng.normal(scale=1.5, size=k) for k in (8, 6, 7)]
        weights = [rng.uniform(0.2, 1, k) for k in (8, 6, 7)]
        zeta, xi, y = (g.ravel() for g in np.meshgrid(*grids, indexing="ij"))
        w = np.prod([v.ravel() for v in np.meshgrid(*weights, indexing="ij")], axis=0)
        h = np.tanh(y) if at_rest else np.tanh(0.8 * y + 0.6 * zeta)
        return model.unit({"zeta": zeta, "xi": xi, "y": y}, h, w)

    return unit


class ThreeStages:
    """Three variables a step, each driven by those before it; the last two carry λ."""

    carried, carriers = ("h",), (1, 2)

    def __init__(self, gains, n):
        self._gains = np.array(gains)
        self.a, self.b, self.c = np.random.default_rng(1).normal(size=(3, 3, 3, n))

    def gains(self):
        return self._gains

    def blocks(self, inputs, carry, lam, xp=np):
        a, b, c = self.a, self.b, self.c
        return Blocks(
            X=[[1, 0, 0], [a[1, 0], lam - a[1, 1], 0], [a[2, 0], a[2, 1], lam - a[2, 2]]],
            B=[[0, 1, 0], [b[1, 0], 0, 1], list(b[2])],
            C=[[c[0, 0], c[0, 1], 1], [0, c[1, 1], c[1, 2]], list(c[2])],
        )

    def criterion_poles(self, unit):
        return None


@pytest.fixture(scope="session")
def three_stages():
    """A weighted sample of the above."""

    def unit(gains=(1.3, 0.7, 2.0), n=6):
        fields = {"h": np.zeros(n)}
        return Unit(ThreeStages(gains, n), fields, np.random.default_rng(2).uniform(0.2, 1, n))

    return unit
