"""Speed, as ratios measured in one run: python -m validation.benchmarks."""
