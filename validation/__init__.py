"""Theory against simulation: declared cases, verdicts from standard errors, a report."""
