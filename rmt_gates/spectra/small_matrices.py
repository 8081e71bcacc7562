"""Small matrices of every unit at once, as nested lists of arrays.

Entries are arrays over (points, units), or the plain integers 0 and 1 where the structure of an
architecture says so: products with these cost nothing, and what is real stays real.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Nested = list[list[Any]]

NONE: Nested = [[0, 0], [0, 0]]


def is_number(value: Any, number: int) -> bool:
    """Whether an entry is this integer, by structure."""
    return isinstance(value, int) and value == number


def add_products(value: Any, products: list[tuple[int, Any, Any]]) -> Any:
    """value + Σ sign · a · b."""
    ours = False  # whether value is an array made here, to be changed in place
    for sign, a, b in products:
        if is_number(a, 0) or is_number(b, 0):
            continue
        product = not (is_number(a, 1) or is_number(b, 1))
        term = a * b if product else a if is_number(b, 1) else b
        if is_number(value, 0):
            value, ours = term, product
            if sign < 0:
                value = np.negative(term, out=term) if ours and np.ndim(term) else negative(term)
                ours = True
        elif ours and _holds(value, term):
            (np.add if sign > 0 else np.subtract)(value, term, out=value)
        elif product and _holds(term, value):
            value = (np.add if sign > 0 else np.subtract)(value, term, out=term)
            ours = True
        else:
            value, ours = value + term if sign > 0 else value - term, True
    return value


def _holds(array: Any, other: Any) -> bool:
    """Whether the sum of both fits into the first."""
    if not isinstance(array, np.ndarray) or np.shape(other) not in (array.shape, array.shape[1:]):
        return False
    return np.iscomplexobj(array) or not np.iscomplexobj(other)


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


def multiply(A: Nested, B: Nested, sign: int = 1) -> Nested:
    """± A B."""
    inner = range(len(B))
    return [
        [add_products(0, [(sign, row[k], B[k][j]) for k in inner]) for j in range(len(B[0]))]
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
    if not first:
        return [[last]]
    into = [multiply(M[i][-1], last, -1) for i in first]
    W = pair_inverse([[_sum(M[i][j], [(into[i], M[-1][j])]) for j in first] for i in first])
    right = [_sum(NONE, [(W[i][k], into[k]) for k in first]) for i in first]
    bottom = [_mirror(R) for R in right]
    corner = _sum(last, [(bottom[k], into[k]) for k in first], mirrored=True)
    return [[*W[i], right[i]] for i in first] + [[*bottom, corner]]


def _inverse_of_pair(m: Nested) -> Nested:
    (R, X), (_, V) = m
    R, V = (x if isinstance(x, int) else x.real for x in (R, V))
    inverse = 1 / add_products(absolute_square(X), [(1, R, V)])
    upper = add_products(0, [(-1, X, inverse)])
    by_V, by_R = (add_products(0, [(1, value, inverse)]) for value in (V, R))
    return [[by_V, upper], [negative(conj(upper)), by_R]]


def _sum(A: Nested, products: list[tuple[Nested, Nested]], mirrored: bool = False) -> Nested:
    """A + Σ P Q of 2×2 matrices; ``mirrored`` if the sum is [[·, X], [−X*, ·]]."""

    def entry(i: int, j: int) -> Any:
        return add_products(A[i][j], [(1, P[i][k], Q[k][j]) for P, Q in products for k in (0, 1)])

    upper = entry(0, 1)
    lower = negative(conj(upper)) if mirrored else entry(1, 0)
    return [[entry(0, 0), upper], [lower, entry(1, 1)]]


def _mirror(A: Nested) -> Nested:
    """diag(1, −1) A† diag(1, −1): the opposite pair of the inverse."""
    return [
        [conj(A[0][0]), negative(conj(A[1][0]))],
        [negative(conj(A[0][1])), conj(A[1][1])],
    ]
