"""The `planwatch` command. One module per group of commands; each connects, asks, prints and ends."""

from services.cli.main import main

__all__ = ["main"]
