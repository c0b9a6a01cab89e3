"""Letters on their way to a print house, a batch at a time."""

from fakturahub.channels.print.channel import PrintChannel

__all__ = ["PrintChannel"]
