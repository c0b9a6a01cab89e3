"""Code 128 in character set C: an even count of digits as bars and blanks. Source: ISO/IEC 15417."""

from __future__ import annotations

import msgspec

#: modules of white that a reader needs on each side
QUIET_ZONE = 10

_START_C = 105
_STOP = "2331112"
# Widths of bar, blank, bar, blank, bar, blank in modules, by the value of the symbol character.
_TABLE = """
    212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222
    123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321
    232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121
    313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224
    111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111
    111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113
    114311 411113 411311 113141 114131 311141 411131 211412 211214 211232
"""
_WIDTHS = tuple(_TABLE.split())


class Bars(msgspec.Struct, frozen=True):
    """A bar code: what it says, and how it looks."""

    digits: str
    #: widths in modules, a bar first, then a blank, and so on; the quiet zones are not in it
    widths: tuple[int, ...]

    @property
    def modules(self) -> int:
        """How many modules wide it is without its quiet zones."""
        return sum(self.widths)

    def bars(self) -> tuple[tuple[int, int], ...]:
        """The place of each bar from the left and its width, in modules."""
        found = []
        place = 0
        for number, width in enumerate(self.widths):
            if number % 2 == 0:
                found.append((place, width))
            place += width
        return tuple(found)


def code128c(digits: str) -> Bars:
    """*digits* as a bar code. Raises ``ValueError`` for an odd count of characters, none, and what is no digit."""
    if not digits or len(digits) % 2 or not (digits.isascii() and digits.isdigit()):
        raise ValueError("character set C of Code 128 holds pairs of digits")
    values = [int(digits[place : place + 2]) for place in range(0, len(digits), 2)]
    check = (_START_C + sum(place * value for place, value in enumerate(values, 1))) % 103
    symbols = [_WIDTHS[value] for value in (_START_C, *values, check)]
    return Bars(digits, tuple(map(int, "".join(symbols) + _STOP)))
