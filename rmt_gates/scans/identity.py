"""What makes a scan this scan, so that no other continues its store; and where it is from."""

from __future__ import annotations

import functools
import hashlib
import inspect
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np

from rmt_gates._version import __version__
from rmt_gates.scans.plan import Plan

PACKAGES = ("numpy", "scipy", "torch", "xarray")


def name_of(function: Callable[..., Any], name: str | None, stored: bool) -> str:
    """What the function, and a result without a name, is called."""
    if name is not None:
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f"name must be an identifier such as 'radius', got {name!r}")
        return name
    found = str(getattr(_inner(function), "__name__", "value"))
    if found.isidentifier():
        return found
    if stored:
        raise ValueError(f"function {found} has no name by which a store knows it: give name=")
    return "value"


def identity_of(
    plan: Plan, function: Callable[..., Any], name: str, seed: Any, vectorized: bool
) -> dict[str, Any]:
    """Everything that two runs on one store must share, in types that JSON knows."""
    inner = _inner(function)
    return {
        "model": repr(plan.model.replace(**dict.fromkeys(plan.fields, 0.0)).to_dict()),
        "fields": {field: _digest(values) for field, (_, values) in plan.fields.items()},
        "chunk": list(plan.block),
        "seed": None if seed is None else [repr(seed[0]), list(seed[1])],
        "version": __version__,
        "function": f"{getattr(inner, '__module__', '')}.{getattr(inner, '__qualname__', name)}",
        "name": name,
        "vectorized": bool(vectorized),
        "source": _source(function, name),
    }


def provenance(model: Any, seed: Any, function: Callable[..., Any], name: str) -> dict[str, Any]:
    """The attributes of a scan's Dataset."""
    return {
        "model": repr(model),
        "function": name,
        "arguments": repr(_arguments(function)),
        "seed": "" if seed is None else f"{seed[0]} {list(seed[1])}",
        **origin(),
    }


def origin() -> dict[str, str]:
    """The command, and the versions of what computes."""
    versions = [f"rmt_gates {__version__}", *(f"{p} {version(p)}" for p in PACKAGES)]
    return {"command": " ".join(sys.argv), "versions": " ".join(versions)}


def _inner(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _arguments(function: Any) -> list[Any]:
    """Those a `functools.partial` brings, such as tolerances."""
    found: list[Any] = []
    while isinstance(function, functools.partial):
        found += [function.args, sorted(function.keywords.items())]
        function = function.func
    return found


def _bound(function: Any) -> list[Any]:
    """All that the text of a function leaves open: arguments, defaults, variables around it."""
    inner = _inner(function)
    cells = [cell.cell_contents for cell in getattr(inner, "__closure__", None) or ()]
    return [_arguments(function), cells, getattr(inner, "__defaults__", None)]


def _source(function: Any, name: str) -> str:
    """A digest of the source text and of what is bound to it."""
    import dask
    from dask.base import tokenize

    try:
        text = inspect.getsource(_inner(function))
    except (OSError, TypeError):
        raise ValueError(
            f"the source of function {name} is not to be found, so that a store would not notice "
            "if it changed: put the function into a file"
        ) from None
    try:
        with dask.config.set({"tokenize.ensure-deterministic": True}):
            bound = tokenize(_bound(function))
    except Exception:
        raise ValueError(
            f"an object bound to function {name} cannot be told from others of its kind, so that "
            "a store would not notice if it changed: bind numbers, strings and arrays"
        ) from None
    return hashlib.sha256(f"{text}{bound}".encode()).hexdigest()[:16]


def _digest(values: np.ndarray) -> str:
    return f"{len(values)} values {hashlib.sha256(values.tobytes()).hexdigest()[:16]}"
