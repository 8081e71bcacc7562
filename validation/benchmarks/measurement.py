"""What a benchmark returns, and the table of many of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

HEADER = f"{'benchmark':<22}{'what':<56}{'measured':>21}{'target':>10}"


@dataclass(frozen=True)
class Measurement:
    """One number that can be compared between machines.

    Attributes
    ----------
    benchmark, what : its name, and what was measured, in words.
    value, unit : the number: a ratio ("×"), a time in units of the eigenvalue problem ("eig"), a
        count, or, for the unit itself only, seconds ("s").
    target, sense : the bound asked for (None if there is none), and from which side it bounds.
    interval : 95 % confidence interval of `value` where it rests on sampled variances.
    seconds : every raw CPU time behind it, by what was timed. details : anything else.
    """

    benchmark: str
    what: str
    value: float
    unit: str
    target: float | None = None
    sense: Literal["at most", "at least"] = "at most"
    interval: tuple[float, float] | None = None
    seconds: Mapping[str, list[float]] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None:
            return None
        return self.value <= self.target if self.sense == "at most" else self.value >= self.target

    @property
    def repeats(self) -> dict[str, int]:
        """Number of times each thing was timed."""
        return {name: len(times) for name, times in self.seconds.items()}

    def to_dict(self) -> dict[str, Any]:
        """For the JSON."""
        return {**asdict(self), "met": self.met, "repeats": self.repeats}

    def row(self) -> str:
        """One line of the table."""
        measured = f"{self.value:.4g} {self.unit}"
        if self.interval is not None:
            low, high = (f"{x:.0f}" if x >= 10 else f"{x:.2g}" for x in self.interval)
            measured += f" ({low}–{high})"
        sign = {"at most": "≤", "at least": "≥"}[self.sense]
        target = "" if self.target is None else f"{sign} {self.target:g}"
        verdict = {None: "", True: "  ok", False: "  MISSED"}[self.met]
        return f"{self.benchmark:<22}{self.what:<56}{measured:>21}{target:>10}{verdict}"
