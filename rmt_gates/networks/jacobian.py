"""The dense state-to-state Jacobian of a network, from the blocks of its linearised step.

In the unknowns (carriers s, auxiliaries a) the linearised step is λ s = K_ss s + K_sa a,
0 = K_as s + K_aa a with K = B̂ÛĈ − X(0), so that eliminating a gives the Schur complement
``J = K_ss − K_sa K_aa⁻¹ K_as``. For the GRU K_aa = −1, and this is eq. (11).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

import torch
from torch import Tensor

from rmt_gates.architectures.base import Blocks


def dense_jacobian(
    blocks: Blocks, matrices: Sequence[Tensor | None], carriers: Sequence[int], like: Tensor
) -> Tensor:
    """J of shape (…, n_s N, n_s N) for n_s carriers.

    Parameters
    ----------
    blocks : X(0), B̂ and Ĉ with entries of shape (…, N), or the plain numbers 0 and 1.
    matrices : the weights (…, N, N) in the order of the blocks; None for a matrix that is zero.
    carriers : the blocks that carry λ, in the order of the state.
    like : any tensor of shape (…, N): the shape, dtype and device of one block.
    """
    entries = _Entries(blocks, matrices, like)
    auxiliaries = [b for b in range(len(blocks.X)) if b not in carriers]
    K_ss = entries.dense(carriers, carriers)
    if entries.vanish(carriers, auxiliaries) or entries.vanish(auxiliaries, carriers):
        return K_ss
    K_sa, K_as = entries.dense(carriers, auxiliaries), entries.dense(auxiliaries, carriers)
    if entries.minus_identity(auxiliaries):
        return K_ss + K_sa @ K_as
    return K_ss - K_sa @ torch.linalg.solve(entries.dense(auxiliaries, auxiliaries), K_as)


class _Entries:
    """The N×N blocks of K = B̂ÛĈ − X(0), with the zeros of the structure skipped."""

    def __init__(self, blocks: Blocks, matrices: Sequence[Tensor | None], like: Tensor) -> None:
        self.X, self.B, self.C = blocks
        self.matrices = matrices
        self.like = like

    def terms(self, a: int, b: int) -> list[tuple[Any, Tensor, Any]]:
        """The non-zero (B̂_ak, U_k, Ĉ_kb)."""
        return [
            (self.B[a][k], U, self.C[k][b])
            for k, U in enumerate(self.matrices)
            if U is not None and not _is(self.B[a][k], 0) and not _is(self.C[k][b], 0)
        ]

    def vanish(self, rows: Sequence[int], columns: Sequence[int]) -> bool:
        return not any(self.terms(a, b) or not _is(self.X[a][b], 0) for a in rows for b in columns)

    def minus_identity(self, indices: Sequence[int]) -> bool:
        return not any(
            self.terms(a, b) or not _is(self.X[a][b], int(a == b)) for a in indices for b in indices
        )

    def dense(self, rows: Sequence[int], columns: Sequence[int]) -> Tensor:
        table = [torch.cat([self.block(a, b) for b in columns], -1) for a in rows]
        return torch.cat(table, -2)

    def block(self, a: int, b: int) -> Tensor:
        """The (a, b) block of B̂ÛĈ − X, (…, N, N)."""
        products = [_scaled(left, U, right) for left, U, right in self.terms(a, b)]
        if not _is(self.X[a][b], 0):
            X = self.X[a][b] * torch.ones_like(self.like)
            products.append(torch.diag_embed(-X))
        if products:
            return reduce(add, products)
        return torch.diag_embed(torch.zeros_like(self.like))


def _scaled(left: Any, U: Tensor, right: Any) -> Tensor:
    """diag(left) U diag(right), broadcast over the leading axes."""
    if isinstance(right, Tensor):
        right = right.unsqueeze(-2)
    if isinstance(left, Tensor):
        left = left.unsqueeze(-1)
    return left * (U if _is(right, 1) else U * right)


def _is(entry: Any, number: int) -> bool:
    """Whether an entry is the plain number 0 or 1 that marks structure."""
    return not isinstance(entry, Tensor) and entry == number
