"""Measurements: ratios to a stated limit or peer, taken in the same run, with the result checked in that run."""
