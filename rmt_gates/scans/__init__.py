"""One function at many parameter points: in parallel, stored as it goes, resumed after a crash."""

from rmt_gates.scans.run import open_scan, scan

__all__ = ["open_scan", "scan"]
