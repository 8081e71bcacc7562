"""What a worker does: one function at the points of a block, as arrays. Nothing gets lost here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rmt_gates.architectures.base import Architecture
from rmt_gates.results import Record, Status

LONGEST_MESSAGE = 500  # characters
RESERVED = ("status", "message")
KEPT: dict[str, type] = {"biuf": float, "c": complex, "UT": object}  # by numpy's kinds


@dataclass(frozen=True)
class Task:
    """A function with all it needs but the point. ``name`` : of a result that has none itself.

    ``seed`` : (entropy, spawn_key) of the scan's random numbers; None if the function takes none.
    """

    function: Callable[..., Any]
    name: str
    model: Architecture
    vectorized: bool
    seed: tuple[int, tuple[int, ...]] | None

    def __call__(self, fields: Mapping[str, np.ndarray], index: np.ndarray) -> dict[str, Any]:
        """Name -> values at the points (points, …), ``status`` and ``message`` among them."""
        # several processes, and the same digits with any number of them
        with _thread_pools(len(sys.modules)).limit(limits=1):
            if self.vectorized:
                return self._at_once(fields, index)
            points = [{k: float(v[i]) for k, v in fields.items()} for i in range(len(index))]
            return stacked([self._at_point(p, i) for p, i in zip(points, index, strict=True)])

    def _at_point(self, fields: Mapping[str, float], index: int) -> dict[str, Any]:
        try:
            rng = {} if self.seed is None else {"rng": self._child(index)}
            return tabulate(self.function(self.model.replace(**fields), **rng), self.name)
        except Exception as error:
            return _failure(error)

    def _at_once(self, fields: Mapping[str, np.ndarray], index: np.ndarray) -> dict[str, Any]:
        n = len(index)
        try:
            rng = {} if self.seed is None else {"rng": [self._child(i) for i in index]}
            found = tabulate(self.function(self.model.replace(**fields), **rng), self.name, n)
            for name, values in found.items():
                if np.shape(values)[:1] != (n,):
                    raise ValueError(
                        f"{name} has shape {np.shape(values)}: with vectorized=True its first "
                        f"axis is the {n} points"
                    )
            return found
        except Exception as error:
            return stacked([_failure(error)] * n)

    def _child(self, index: int) -> np.random.Generator:
        """What `spawn` would give this point."""
        assert self.seed is not None
        entropy, key = self.seed
        return np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(*key, int(index))))


@lru_cache(maxsize=1)
def _thread_pools(modules: int) -> Any:
    """Those of all libraries, which come with modules: looking for them takes a millisecond."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _failure(error: Exception) -> dict[str, Any]:
    text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return {"status": np.int8(Status.FAILED), "message": text[:LONGEST_MESSAGE]}


def tabulate(result: Any, name: str, points: int | None = None) -> dict[str, Any]:
    """A number, an array, a dict or a record as name -> float, complex or string array.

    A record gives what its repr shows, with its status. ``points`` : length of the first axis of a
    vectorized function's results.
    """
    if isinstance(result, Record):
        names = [k for k in result._shown if k not in RESERVED]
        found = {k: getattr(result, k) for k in names}
        status, message = getattr(result, "status", None), getattr(result, "message", "")
    elif isinstance(result, Mapping):
        found = {str(k): v for k, v in result.items() if k not in RESERVED}
        status, message = result.get("status"), result.get("message", "")
    else:
        found, status, message = {name: result}, None, ""
    columns = {k: _array(k, v) for k, v in found.items()}
    return {**columns, **_verdict(status, message, points)}


def _verdict(status: Any, message: Any, points: int | None) -> dict[str, Any]:
    """Status and message of the points; the worst of several roots, of which some are absent."""
    codes = np.asarray(Status.OK if status is None else status, int)
    codes = np.where(codes == Status.ABSENT, Status.OK, codes)
    codes = np.where(codes == Status.MISSING, Status.FAILED, codes)  # that is for us to say
    lead = () if points is None else (points,)
    codes = np.broadcast_to(codes, lead) if codes.ndim == 0 else codes.reshape(*lead, -1).max(-1)
    sentences = np.array([Status(int(c)).sentence if c else "" for c in codes.ravel()], object)
    if isinstance(message, str) and message:
        sentences[codes.ravel() != Status.OK] = message
    elif points is not None and np.shape(message) == (points,):
        sentences = np.where(codes == Status.OK, "", np.asarray(message, object))
    return {"status": codes.astype(np.int8), "message": sentences.reshape(codes.shape)}


def _array(name: str, value: Any) -> np.ndarray:
    array = np.asarray(value)
    for kinds, dtype in KEPT.items():
        if array.dtype.kind in kinds:
            kept: np.ndarray = array.astype(dtype)
            return np.where(np.ma.getmask(value), blank(kept.dtype), kept)
    raise TypeError(
        f"{name} is {type(value).__name__}: a scan keeps numbers, arrays of them, strings, dicts "
        "of these and the records of rmt_gates"
    )


def stacked(points: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Results at several points as arrays (points, …); what one lacks, or is shorter, is filled."""
    found: dict[str, Any] = {}
    for name in dict.fromkeys(name for point in points for name in point):
        values = [
            np.asarray(p[name], object) if name == "message" else np.asarray(p[name])
            for p in points
            if name in p
        ]
        kinds = {(v.ndim, v.dtype.kind) for v in values}
        if len(kinds) > 1:
            raise ValueError(
                f"{name} is of several kinds (numbers, complex numbers, strings, arrays): let the "
                "function return the same kind everywhere"
            )
        shape = np.max([v.shape for v in values], axis=0).astype(int)
        dtype = np.result_type(*values)
        whole = np.full((len(points), *shape), blank(dtype), dtype)
        rows = (i for i, p in enumerate(points) if name in p)
        for i, v in zip(rows, values, strict=True):
            region: Any = (i, *(slice(0, n) for n in v.shape), ...)
            whole[region] = v
        found[name] = whole
    return found


def blank(dtype: Any) -> Any:
    """What stands where there is no value."""
    return {"f": np.nan, "c": complex(np.nan, np.nan), "O": "", "i": 0}[np.dtype(dtype).kind]
