"""What makes a scan this scan, so that no other continues its store; and where it is from."""

from __future__ import annotations

import functools
import hashlib
import inspect
import numbers
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


def bound_names(function: Any) -> set[str]:
    """Of the arguments that a `functools.partial` brings."""
    found: set[str] = set()
    while isinstance(function, functools.partial):
        found |= set(function.keywords)
        function = function.func
    return found


def _arguments(function: Any) -> list[Any]:
    """Those a `functools.partial` brings, such as tolerances."""
    found: list[Any] = []
    while isinstance(function, functools.partial):
        found += [function.args, sorted(function.keywords.items())]
        function = function.func
    return found


def _source(function: Any, name: str) -> str:
    """A digest of all that decides what the function returns, as far as it can be seen."""
    import dask
    from dask.base import tokenize

    try:
        found = _described(function, set())
    except (OSError, TypeError):
        raise ValueError(
            f"the source of function {name} is not to be found, so that a store would not notice "
            "if it changed: put the function into a file"
        ) from None
    try:
        with dask.config.set({"tokenize.ensure-deterministic": True}):
            digest = tokenize(found)
    except Exception:
        raise ValueError(
            f"an object bound to function {name} cannot be told from others of its kind, so that "
            "a store would not notice if it changed: bind numbers, strings and arrays"
        ) from None
    return str(digest)[:16]


def _described(value: Any, seen: set[int]) -> Any:
    """Of a function its text and what that leaves open: arguments, defaults, variables around it,
    and of its module the functions and the constants it names. Anything else is itself."""
    if isinstance(value, functools.partial):
        keywords = [(k, _described(v, seen)) for k, v in sorted(value.keywords.items())]
        return [_described(value.func, seen), [_described(v, seen) for v in value.args], keywords]
    if inspect.ismethod(value):
        return [_described(value.__func__, seen), _described_object(value.__self__, seen)]
    if inspect.isclass(value) or inspect.isbuiltin(value):
        return inspect.getsource(value)
    if not inspect.isfunction(value):
        called = callable(value) and inspect.isfunction(type(value).__call__)
        return _described_object(value, seen) if called else value
    if id(value) in seen:  # calls itself
        return value.__qualname__
    seen.add(id(value))
    around = [cell.cell_contents for cell in value.__closure__ or ()]
    named = [value.__globals__[n] for n in _names(value.__code__) if n in value.__globals__]
    own = [v for v in named if inspect.isfunction(v) and v.__module__ == value.__module__]
    return [
        inspect.getsource(value.__code__),  # its own, whatever functools.wraps says
        [_described(v, seen) for v in (*around, *own)],
        value.__defaults__,
        sorted((value.__kwdefaults__ or {}).items()),
        [v for v in named if isinstance(v, numbers.Number | str | bytes | tuple)],
    ]


def _described_object(value: Any, seen: set[int]) -> Any:
    """Of an object whose method is scanned its class and what it holds."""
    if inspect.isclass(value):
        return inspect.getsource(value)
    held = [(name, _described(v, seen)) for name, v in sorted(vars(value).items())]
    return [inspect.getsource(type(value)), held]


def _names(code: Any) -> list[str]:
    """Those that a function, and the functions inside it, look up in its module."""
    inner = [c for c in code.co_consts if inspect.iscode(c)]
    return sorted({*code.co_names, *(name for one in inner for name in _names(one))})


def _digest(values: np.ndarray) -> str:
    return f"{len(values)} values {hashlib.sha256(values.tobytes()).hexdigest()[:16]}"
