"""Small matrices of every unit at once, as nested lists of arrays.

Entries are arrays over (points, units), or the plain integers 0 and 1 where the structure of an
architecture says so: products with these cost nothing, and what is real stays real.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Nested = list[list[Any]]


def is_number(value: Any, number: int) -> bool:
    """Whether an entry is this integer, by structure."""
    return isinstance(value, int) and value == number


def add_products(value: Any, products: list[tuple[int, Any, Any]]) -> Any:
    """value + Σ sign · a · b."""
    for sign, a, b in products:
        if is_number(a, 0) or is_number(b, 0):
            continue
        term = a if is_number(b, 1) else b if is_number(a, 1) else a * b
        if is_number(value, 0):
            value = term if sign > 0 else -term
        else:
            value = value + term if sign > 0 else value - term
    return value


def over(value: Any, pivot: Any) -> Any:
    """value / pivot."""
    return value if is_number(value, 0) or is_number(pivot, 1) else value / pivot


def conj(value: Any) -> Any:
    """The complex conjugate."""
    return np.conj(value) if np.iscomplexobj(value) else value


def negative(value: Any) -> Any:
    """−value."""
    return -value


def absolute_square(value: Any) -> Any:
    """|value|², without the square root of `abs`."""
    return value.real**2 + value.imag**2 if np.iscomplexobj(value) else value * value


def real_product(a: Any, b: Any) -> Any:
    """Re(a b)."""
    if is_number(a, 0) or is_number(b, 0):
        return 0
    if np.iscomplexobj(a) and np.iscomplexobj(b):
        return a.real * b.real - a.imag * b.imag
    return np.real(a) * np.real(b)


def multiply(A: Nested, B: Nested) -> Nested:
    """A B."""
    inner = range(len(B))
    return [
        [add_products(0, [(1, row[k], B[k][j]) for k in inner]) for j in range(len(B[0]))]
        for row in A
    ]


def lower_solve(X: Nested, B: Nested) -> Nested:
    """X⁻¹B by forward substitution; X is lower triangular."""
    solved: Nested = []
    for i, row in enumerate(B):
        rest = [
            add_products(value, [(-1, X[i][j], solved[j][m]) for j in range(i)])
            for m, value in enumerate(row)
        ]
        solved.append([over(value, X[i][i]) for value in rest])
    return solved


def rows_over(C: Nested, X: Nested) -> Nested:
    """CX⁻¹ by backward substitution; X is lower triangular."""
    n_b = range(len(X))
    solved = []
    for c in C:
        row: list[Any] = [0] * len(X)
        for j in reversed(n_b):
            value = add_products(c[j], [(-1, row[i], X[i][j]) for i in n_b if i > j])
            row[j] = over(value, X[j][j])
        solved.append(row)
    return solved


def pair_inverse(M: list[list[Nested]]) -> list[list[Nested]]:
    """The inverse of a matrix of pairs M_ij = [[R_ij, X_ij], [−(X_ji)*, V_ij]], R, V ≥ 0 hermitian.

    Block elimination from the last pair, whose determinant R V + |X|² ≥ 0 needs no pivoting; what
    remains has the same structure.
    """
    last = _inverse_of_pair(M[-1][-1])
    first = range(len(M) - 1)
    into = [multiply(M[i][-1], last) for i in first]
    if not into:
        return [[last]]
    W = pair_inverse(
        [[_subtract(M[i][j], multiply(into[i], M[-1][j])) for j in first] for i in first]
    )
    right = [_sum_of([multiply(W[i][k], into[k]) for k in first], -1) for i in first]
    bottom = [_mirror(R) for R in right]
    corner = _subtract(last, _sum_of([multiply(bottom[k], into[k]) for k in first]))
    return [[*W[i], right[i]] for i in first] + [[*bottom, corner]]


def _inverse_of_pair(m: Nested) -> Nested:
    (R, X), (minus_X, V) = m
    R, V = (x if isinstance(x, int) else x.real for x in (R, V))
    determinant = add_products(absolute_square(X), [(1, R, V)])
    return [
        [over(V, determinant), over(negative(X), determinant)],
        [over(negative(minus_X), determinant), over(R, determinant)],
    ]


def _subtract(A: Nested, B: Nested) -> Nested:
    return [
        [add_products(a, [(-1, 1, b)]) for a, b in zip(p, q, strict=True)]
        for p, q in zip(A, B, strict=True)
    ]


def _sum_of(terms: list[Nested], sign: int = 1) -> Nested:
    return [
        [add_products(0, [(sign, 1, t[i][j]) for t in terms]) for j in range(2)] for i in range(2)
    ]


def _mirror(A: Nested) -> Nested:
    """diag(1, −1) A† diag(1, −1): the opposite pair of the inverse."""
    return [
        [conj(A[0][0]), negative(conj(A[1][0]))],
        [negative(conj(A[0][1])), conj(A[1][1])],
    ]
