"""The pure domain of Planwatch: plans, observations, assessments, early warnings.

Nothing in this package does I/O, reads a clock or keeps state between calls; the
import contracts in pyproject.toml check it. Time reaches a function as an argument.
"""
