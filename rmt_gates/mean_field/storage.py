"""States on disk: a costly steady state is worth keeping."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from rmt_gates.architectures import model_from_dict
from rmt_gates.gaussian.conditional_moment import ConditionalMoment
from rmt_gates.mean_field.fixed_points import FixedPoint
from rmt_gates.mean_field.state import SteadyState
from rmt_gates.results import Status

SCHEMA = 1


def save(state: FixedPoint | SteadyState, path: Any) -> None:
    """Write a state to ``path`` as .npz, with everything `load` needs."""
    _require_path(path)
    header = {"schema": SCHEMA, "type": type(state).__name__, "model": state.model.to_dict()}
    arrays: dict[str, np.ndarray] = {}
    if isinstance(state, FixedPoint):
        header.update(C_h=state.C_h, rho=state.rho, stable=state.stable, status=int(state.status))
    else:
        header.update(
            kind=state.kind,
            status=int(state.status),
            static=state.static,
            seed=state.seed,
            note=state.note,
        )
        arrays = {"C_h": state.C_h, "C_h_error": state.C_h_error}
        if state.others is not None:
            arrays["others"] = state.others
        if state.moment is not None:
            moments = [state.moment, *(m for _, m in state.replicates if m is not None)]
            arrays["moment_coefficients"] = np.array([m.coefficients for m in moments])
            arrays["moment_laws"] = np.array([(m.mean, m.variance) for m in moments])
        arrays["replicate_C"] = np.array([r[0] for r in state.replicates])
    with open(path, "wb") as file:
        np.savez(file, **{"header": np.array(json.dumps(header)), **arrays})  # type: ignore[arg-type]


def load(path: Any) -> FixedPoint | SteadyState:
    """The state written by ``state.save(path)``.

    Examples
    --------
    >>> import os, tempfile
    >>> import rmt_gates as rg
    >>> path = os.path.join(tempfile.mkdtemp(), "state.npz")
    >>> rg.fixed_points(rg.GRU(a_h=3))[-1].save(path)
    >>> rg.load(path)
    FixedPoint(C_h=0.352602, rho=1.06739, stable=False, status=OK)
    """
    _require_path(path)
    if not Path(path).is_file():
        raise ValueError(f"path: there is no file {str(path)!r}")
    try:
        with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(str(arrays.pop("header")))
    except (ValueError, KeyError, TypeError, OSError, EOFError, BadZipFile):
        raise ValueError(f"path: {str(path)!r} is not a state saved by rmt_gates") from None
    if not isinstance(header, dict) or not {"schema", "type", "model"} <= set(header):
        raise ValueError(f"path: {str(path)!r} is not a state saved by rmt_gates")
    if header["schema"] != SCHEMA:
        raise ValueError(
            f"path: {str(path)!r} has schema {header['schema']}, this version reads {SCHEMA}"
        )
    try:
        return _state(header, arrays)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"path: the state in {str(path)!r} is damaged ({error})") from None


def _require_path(path: Any) -> None:
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path must be the name of a file, got {path!r}")


def _state(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> FixedPoint | SteadyState:
    model = model_from_dict(header["model"])
    status = Status(header["status"])
    if header["type"] not in (FixedPoint.__name__, SteadyState.__name__):
        raise ValueError(f"its type is {header['type']!r}")
    if header["type"] == "FixedPoint":
        return FixedPoint(model, header["C_h"], header["rho"], header["stable"], status)
    moment = None
    each: list[ConditionalMoment | None] = [None] * len(arrays["replicate_C"])
    if "moment_coefficients" in arrays:
        moments = [
            ConditionalMoment(float(mean), float(variance), coefficients)
            for (mean, variance), coefficients in zip(
                arrays["moment_laws"], arrays["moment_coefficients"], strict=True
            )
        ]
        moment, each = moments[0], list(moments[1:])
    return SteadyState(
        model,
        arrays["C_h"],
        arrays["C_h_error"],
        header["kind"],
        status,
        header["static"],
        moment,
        tuple(zip(arrays["replicate_C"].tolist(), each, strict=True)),
        header["seed"],
        header["note"],
        arrays.get("others"),
    )
