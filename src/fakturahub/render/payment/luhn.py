"""The check digit of modulo 10 (Luhn), which the amounts of Nordic code lines carry."""

from __future__ import annotations


def check_digit(digits: str) -> str:
    """The digit that makes *digits* and itself right by modulo 10 with the weights 2, 1 from the right."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)
