"""Which points a scan has, and the blocks of them that are computed and stored together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmt_gates.architectures.base import Architecture
from rmt_gates.architectures.checks import require_model, varied_fields

SHARE = 1000  # blocks that a scan has by default, so that each tells how far it is

Block = tuple[slice, ...]


@dataclass(frozen=True)
class Plan:
    """Points of a scan: a grid with one axis for each field, or a list with several fields.

    Attributes
    ----------
    model : the record whose fields are replaced. fields : field -> (its axis, its values there).
    dims, shape : names and lengths of the axes. block : the largest extent of a block of points.
    """

    model: Architecture
    fields: dict[str, tuple[str, np.ndarray]]
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    block: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of points."""
        return int(np.prod(self.shape))

    def blocks(self) -> Iterator[Block]:
        """All blocks, in the order of the points."""
        starts = (range(0, n, step) for n, step in zip(self.shape, self.block, strict=True))
        for corner in itertools.product(*starts):
            ends = zip(corner, self.block, self.shape, strict=True)
            yield tuple(slice(i, min(i + step, n)) for i, step, n in ends)

    def points(self, block: Block) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Fields -> values at the points of a block (points,), and the indices of the points."""
        index = np.meshgrid(*(np.arange(s.start, s.stop) for s in block), indexing="ij")
        along = {dim: i.ravel() for dim, i in zip(self.dims, index, strict=True)}
        fields = {name: values[along[dim]] for name, (dim, values) in self.fields.items()}
        return fields, np.ravel_multi_index(list(along.values()), self.shape)


def plan_of(model: Any, over: Any, chunk: int | None, vectorized: bool) -> Plan:
    """The plan of `rg.scan`'s arguments, checked."""
    require_model(model)
    listed = _list_of_points(model, over) if hasattr(over, "data_vars") else _grid(over)
    found = varied_fields(model, {name: values for name, (_, values) in listed.items()})
    fields = {name: (dim, found[name]) for name, (dim, _) in listed.items()}
    lengths = {dim: len(values) for dim, values in fields.values()}
    shape = tuple(lengths.values())
    size = int(np.prod(shape))
    if chunk is None:
        chunk = min(max(1, size // SHARE), 4096) if not vectorized else 4096
    if isinstance(chunk, bool) or not isinstance(chunk, int | np.integer) or chunk < 1:
        raise ValueError(f"chunk must be a whole number of points of at least 1, got {chunk!r}")
    return Plan(model, fields, tuple(lengths), shape, _block(shape, int(chunk)))


def _grid(over: Any) -> dict[str, tuple[str, Any]]:
    if not isinstance(over, Mapping) or not over:
        raise TypeError(
            'over must map fields to values, such as {"a_h": values}, or be an xarray.Dataset '
            f"with one dimension, got {type(over).__name__}"
        )
    return {str(name): (str(name), values) for name, values in over.items()}


def _list_of_points(model: Architecture, over: Any) -> dict[str, tuple[str, Any]]:
    if len(over.dims) != 1 or not len(over.variables):
        raise ValueError(
            "over must have one dimension, the points, and a variable for each field, got "
            f"dimensions {tuple(over.dims)} and variables {tuple(over.data_vars)}"
        )
    (dim,) = over.dims
    names = [n for n in over.variables if n in over.data_vars or n in model.numbers()]
    return {str(name): (str(dim), over[name].values) for name in names}


def _block(shape: tuple[int, ...], chunk: int) -> tuple[int, ...]:
    """The extent of at most `chunk` points: the last axes whole, as far as it reaches."""
    extent = []
    for n in reversed(shape):
        extent.append(min(n, chunk))
        chunk = max(1, chunk // n)
    return tuple(reversed(extent))
