"""Where a scan's results go: arrays over its points, in memory or in a zarr store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rmt_gates.results import Status
from rmt_gates.scans.plan import Block, Plan
from rmt_gates.scans.task import blank

STATUS = "status"
BEGUN = "rmt-gates-begun"  # ends the name of a store that is not whole yet


class Table:
    """Arrays over the points of a plan; they grow along their other axes as results ask for it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.arrays: dict[str, Any] = {}

    def write(self, block: Block, values: Mapping[str, np.ndarray]) -> None:
        """The results at the points of a block; its statuses come last: they say it is there."""
        extent = tuple(s.stop - s.start for s in block)
        for name in sorted(values, key=lambda name: name == STATUS):
            found = np.asarray(values[name])
            array = self._fitting(name, found.dtype, found.shape[1:])
            if found.dtype.kind == "O" and not found.any():
                continue  # no text, as there is already
            region = (*block, *(slice(0, n) for n in found.shape[1:]))
            array[region] = found.reshape(*extent, *found.shape[1:])

    def _fitting(self, name: str, dtype: np.dtype[Any], trailing: tuple[int, ...]) -> Any:
        """The array of this name, as large as needed."""
        lead = self.plan.shape
        if name in (*self.plan.dims, *self.plan.fields):
            raise ValueError(f"{name} is the name of an axis: let the function call it otherwise")
        if name not in self.arrays:
            fill = int(Status.MISSING) if name == STATUS else blank(dtype)
            self.arrays[name] = self._create(name, (*lead, *trailing), dtype, fill)
        array = self.arrays[name]
        known, kind = array.shape[len(lead) :], array.dtype.kind.replace("T", "O")
        if len(known) != len(trailing) or dtype.kind != kind:
            raise ValueError(
                f"{name} is of several kinds (numbers, complex numbers, strings, arrays): let the "
                "function return the same kind everywhere"
            )
        larger = tuple(np.maximum(known, trailing).tolist())
        if larger != known:
            array = self.arrays[name] = self._grown(name, array, (*lead, *larger))
        return array

    def _create(self, name: str, shape: tuple[int, ...], dtype: Any, fill: Any) -> Any:
        return np.full(shape, fill, dtype)

    def _grown(self, name: str, array: Any, shape: tuple[int, ...]) -> Any:
        grown = np.full(shape, blank(array.dtype), array.dtype)
        grown[tuple(map(slice, array.shape))] = array
        return grown

    def missing(self) -> np.ndarray:
        """Points without a result, a boolean array over them."""
        if STATUS not in self.arrays:
            return np.ones(self.plan.shape, bool)
        return np.asarray(self.arrays[STATUS][...]) == Status.MISSING

    def variables(self) -> dict[str, tuple[tuple[str, ...], Any]]:
        """Name -> (names of its axes, array), as xarray takes them."""
        return {name: (self.axes(name, a.ndim), a) for name, a in self.arrays.items()}

    def axes(self, name: str, ndim: int) -> tuple[str, ...]:
        """The plan's axes, then those of the values themselves."""
        own = ndim - len(self.plan.dims)
        return (*self.plan.dims, *(f"{name}_axis{i}" for i in range(own)))

    def close(self) -> None:
        """Nothing is held."""


class ZarrTable(Table):
    """The arrays as a zarr group on disk, one file for each block; one process at a time writes.

    Every file is written beside its place and then moved there. A block whose statuses are there
    is whole, and any other is computed again.
    """

    def __init__(
        self, plan: Plan, path: Any, identity: Mapping[str, Any], about: Mapping[str, Any]
    ) -> None:
        super().__init__(plan)
        zarr, filelock = packages()
        self.path = Path(path)
        self._lock = filelock.FileLock(f"{self.path}.lock", timeout=0)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except filelock.Timeout:
            raise ValueError(
                f"store {self.path} is being written by another process: wait for it, or choose "
                "another store"
            ) from None
        except OSError as error:
            raise ValueError(f"store {self.path} cannot be written: {error.strerror}") from None
        try:
            stored = stored_identity(self.path)
            if stored is None:
                self._begin(zarr, {"identity": dict(identity), **about})
            else:
                self._check(stored, identity)
            self._group = zarr.open_group(self.path, mode="r+")
            self.arrays = {k: v for k, v in self._group.arrays() if k not in plan.fields}
        except BaseException:
            self._lock.release()
            raise

    def _begin(self, zarr: Any, attributes: Mapping[str, Any]) -> None:
        """A store with the parameters and no result, whole when it appears at its path."""
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise ValueError(f"store {self.path} exists and is no zarr store: choose another path")
        new = self.path.with_name(f".{self.path.name}.{BEGUN}")
        shutil.rmtree(new, ignore_errors=True)  # left by one that was killed
        group = zarr.create_group(new, attributes=attributes, zarr_format=3)
        for name, (dim, values) in self.plan.fields.items():
            group.create_array(name, shape=values.shape, dtype=float, dimension_names=(dim,))
            group[name][...] = values
        new.rename(self.path)

    def _check(self, stored: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
        for part, value in identity.items():
            if part not in stored or stored[part] != value:
                raise ValueError(
                    f"store {self.path} belongs to another scan: its {part} is "
                    f"{stored.get(part, 'unknown')} and not {value}; choose another store, or "
                    "remove this one"
                )

    def _create(self, name: str, shape: tuple[int, ...], dtype: Any, fill: Any) -> Any:
        trailing = tuple(max(1, n) for n in shape[len(self.plan.shape) :])
        return self._group.create_array(
            name,
            shape=shape,
            chunks=(*self.plan.block, *trailing),
            dtype=np.dtypes.StringDType() if np.dtype(dtype).kind == "O" else dtype,
            fill_value=fill,
            dimension_names=self.axes(name, len(shape)),
        )

    def _grown(self, name: str, array: Any, shape: tuple[int, ...]) -> Any:
        array.resize(shape)
        return array

    def close(self) -> None:
        """Let other processes write."""
        self._lock.release()


def stored_identity(store: Any) -> dict[str, Any] | None:
    """What a store says it is, empty if another program wrote it; None if nothing is there."""
    try:
        attributes = json.loads((Path(store) / "zarr.json").read_text())["attributes"]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"store {store} is damaged: its zarr.json cannot be read; remove it, or choose another "
            "store"
        ) from None
    return dict(attributes.get("identity", {}))


def packages() -> tuple[Any, Any]:
    try:
        import filelock
        import zarr
    except ImportError as error:
        raise ImportError(
            f"a store needs {error.name}: pip install 'rmt_gates[scan]'", name=error.name
        ) from None
    return zarr, filelock
