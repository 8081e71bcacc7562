"""Small matrices of every unit, against numpy's."""

import itertools

import numpy as np
import pytest

from rmt_gates.spectra.small_matrices import (
    add_products,
    lower_solve,
    multiply,
    pair_inverse,
    rows_over,
)


def dense(A):
    shape = np.broadcast_shapes(*(np.shape(v) for row in A for v in row))
    return np.array([[np.broadcast_to(v, shape) for v in row] for row in A]).transpose(2, 0, 1)


def random(rng, n, units, kind=complex):
    def entry():
        value = rng.normal(size=units)
        return value + 1j * rng.normal(size=units) if kind is complex else value

    return [[entry() for _ in range(n)] for _ in range(n)]


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("kind", [float, complex])
def test_pair_inverse(n, kind):
    """The inverse of [[R, X], [−X†, V]] with R and V positive, whatever X."""
    rng = np.random.default_rng(n)
    X = random(rng, n, 5, kind)
    A, B = (random(rng, n, 5, float) for _ in range(2))
    R, V = (np.einsum("uij,ukj->uik", dense(M), dense(M)) for M in (A, B))
    pairs = [
        [[[R[:, i, j], X[i][j]], [-np.conj(X[j][i]), V[:, i, j]]] for j in range(n)]
        for i in range(n)
    ]
    W = pair_inverse(pairs)
    M = np.block([[R, dense(X)], [-dense(X).conj().transpose(0, 2, 1), V]])
    found = np.block(
        [
            [dense([[W[i][j][r][c] for j in range(n)] for i in range(n)]) for c in (0, 1)]
            for r in (0, 1)
        ]
    )
    np.testing.assert_allclose(found @ M, np.broadcast_to(np.eye(2 * n), M.shape), atol=1e-9)


def test_structural_numbers_cost_nothing():
    """0 and 1 stay what they are; no array is made of them."""
    a = np.array([2.0, 3.0])
    assert add_products(0, [(1, 0, a), (-1, a, 0)]) == 0
    assert add_products(0, [(1, 1, a)]) is a
    assert add_products(1, [(-1, 1, 1)]) == 0
    np.testing.assert_array_equal(add_products(a, [(-1, a, a), (1, 1, a)]), 2 * a - a * a)
    W = pair_inverse([[[[a, 0], [0, 1]]]])
    assert W[0][0][0][1] == 0 and W[0][0][1][0] == 0
    np.testing.assert_allclose(W[0][0][0][0], 1 / a)


def test_triangular_solves():
    rng = np.random.default_rng(0)
    X = random(rng, 3, 4)
    for i in range(3):
        for j in range(i + 1, 3):
            X[i][j] = 0
    X[1][0] = 1
    B, C = random(rng, 3, 4), random(rng, 3, 4)
    np.testing.assert_allclose(dense(multiply(X, lower_solve(X, B))), dense(B), rtol=1e-12)
    np.testing.assert_allclose(dense(multiply(rows_over(C, X), X)), dense(C), rtol=1e-12)


def test_sums_of_products_of_any_kind():
    """Numbers 0 and 1, real and complex arrays, of every λ or of the units alone: nothing that
    was given is changed, and signs are kept."""
    rng = np.random.default_rng(1)
    real, wide = rng.normal(size=4), rng.normal(size=(3, 4))
    kinds = [0, 1, 2.5, real, wide, real * 1j, wide * (2 - 1j)]
    copies = [np.copy(value) for value in kinds]
    for start, a, b, c in itertools.product(kinds, repeat=4):
        for first, second in itertools.product((1, -1), repeat=2):
            found = add_products(start, [(first, a, b), (second, b, c), (first, 1, a)])
            expected = start + first * a * b + second * b * c + first * a
            np.testing.assert_allclose(
                np.broadcast_to(found, np.shape(expected)), expected, rtol=1e-13, atol=1e-13
            )
    for value, copy in zip(kinds, copies, strict=True):
        np.testing.assert_array_equal(value, copy)
