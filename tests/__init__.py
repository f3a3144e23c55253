"""Tests: `unit` needs nothing, `contract` and `integration` start embedded servers, `e2e` and `faults` all of it."""
