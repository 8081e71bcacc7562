"""The three small matrices against the derivative of the network's one-step map."""

import numpy as np
import pytest

import rmt_gates as rg

N = 6


def sigma(x):
    return 1 / (1 + np.exp(-x))


class Net:
    """A small GRU written out by hand, eqs (2)–(5), for real and complex states."""

    def __init__(self, activation="tanh", seed=0):
        rng = np.random.default_rng(seed)
        self.U = {k: rng.normal(size=(N, N)) for k in "hrz"}
        self.b = {k: rng.normal(size=N) for k in "hrz"}
        self.h = rng.uniform(-1, 1, N)
        self.phi = np.tanh if activation == "tanh" else self.clip

    @staticmethod
    def clip(y):
        return np.where(np.abs(np.real(y)) < 1, y, np.sign(np.real(y)))

    def inputs(self, h):
        xi = self.U["r"] @ h + self.b["r"]
        return {
            "zeta": self.U["z"] @ h + self.b["z"],
            "xi": xi,
            "y": self.U["h"] @ (sigma(xi) * h) + self.b["h"],
        }

    def step(self, h):
        u = self.inputs(h)
        z = sigma(u["zeta"])
        return z * h + (1 - z) * self.phi(u["y"])

    def jacobian(self):
        """By complex steps: exact to rounding."""
        d = 1e-30
        columns = [self.step(self.h + 1j * d * e).imag / d for e in np.eye(N)]
        return np.array(columns).T


def diagonal(entry):
    return np.diag(np.broadcast_to(entry, N))


def assemble(net, model, lam):
    """X(λ) − B̂ Û Ĉ as a dense matrix, and the number of rows of the blocks that carry λ."""
    blocks = model.blocks(net.inputs(net.h), net.h, lam)
    dense = [np.block([[diagonal(e) for e in row] for row in m]) for m in blocks]
    U = np.zeros((3 * N, 3 * N))
    for i, k in enumerate(model.matrices):
        U[i * N : (i + 1) * N, i * N : (i + 1) * N] = net.U[k]
    X, B, C = dense
    return X - B @ U @ C


@pytest.mark.parametrize("activation", ["tanh", "hardtanh"])
@pytest.mark.parametrize("seed", [0, 1])
def test_schur_complement_is_lambda_minus_the_jacobian(activation, seed):
    net, model = Net(activation, seed), rg.GRU(a_h=1, activation=activation)
    J, lam = net.jacobian(), 0.4 - 0.7j
    M = assemble(net, model, lam)
    schur = M[:N, :N] - M[:N, N:] @ np.linalg.solve(M[N:, N:], M[N:, :N])
    np.testing.assert_allclose(schur, lam * np.eye(N) - J, rtol=0, atol=1e-13)


def test_determinant_identity():
    net, model = Net(), rg.GRU(a_h=1)
    J = net.jacobian()
    for lam in (0.3 + 0.2j, -1.5, 2.0j):
        exact = np.linalg.det(lam * np.eye(N) - J)
        np.testing.assert_allclose(np.linalg.det(assemble(net, model, lam)), exact, rtol=1e-11)


def test_jacobian_is_eq_11():
    net = Net()
    u, h = net.inputs(net.h), net.h
    z, r, y = sigma(u["zeta"]), sigma(u["xi"]), u["y"]
    f, df = np.tanh(y), 1 / np.cosh(y) ** 2
    U_h, U_r, U_z = (net.U[k] for k in "hrz")
    inner = np.diag(r) + np.diag(h * r * (1 - r)) @ U_r
    J = np.diag(z) + np.diag((1 - z) * df) @ U_h @ inner + np.diag((h - f) * z * (1 - z)) @ U_z
    np.testing.assert_allclose(net.jacobian(), J, rtol=0, atol=1e-14)


@pytest.mark.parametrize("activation", ["tanh", "hardtanh"])
def test_entries(activation):
    """Each entry by itself: products of two entries could hide an exchange."""
    net, model = Net(activation), rg.GRU(a_h=1, activation=activation)
    u, h, lam = net.inputs(net.h), net.h, 0.7 + 0.1j
    z, r, y = sigma(u["zeta"]), sigma(u["xi"]), u["y"]
    f = net.phi(y)
    df = 1 - f**2 if activation == "tanh" else 1.0 * (np.abs(y) < 1)
    X, B, C = model.blocks(u, h, lam)
    expected = (
        (X, [[lam - z, 0], [0, 1]]),
        (B, [[(1 - z) * df, 0, (h - f) * z * (1 - z)], [0, r * (1 - r), 0]]),
        (C, [[r, h], [1, 0], [1, 0]]),
    )
    for got, exact in expected:
        assert len(got) == len(exact)
        for row, exact_row in zip(got, exact, strict=True):
            for entry, value in zip(row, exact_row, strict=True):
                np.testing.assert_allclose(entry, value, rtol=1e-13, atol=1e-16)


def test_saturated_gates_keep_their_leak():
    """1 − z and z' of a gate at ζ = 60 are e^{−60}, not zero."""
    u = {"zeta": np.array([60.0]), "xi": np.array([60.0]), "y": np.array([0.0])}
    blocks = rg.GRU(a_h=1).blocks(u, np.array([1.0]), 0.5)
    e = np.exp(-60)
    np.testing.assert_allclose([blocks.B[0][0], blocks.B[0][2], blocks.B[1][1]], e, rtol=1e-12)
