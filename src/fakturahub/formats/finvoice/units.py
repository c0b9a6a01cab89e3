"""Units as Finvoice prints them, and their codes (UN/ECE Rec 20 and 21).

A row has both: ``@QuantityUnitCode`` is the word that is printed, ``@QuantityUnitCodeUN`` the code. Files before 3.0
have only the word. The words are collected from Finnish and Swedish documents (mapping 3.6); a word that is not here
means nothing to the hub, and is never guessed at by its looks (``STK`` is a code of Rec 20 and no Danish *stk*).
"""

from __future__ import annotations

#: the code for something that no code is known for (mutually defined)
UNDEFINED = "ZZ"

_WORDS = {
    "C62": ("kpl", "st", "pcs", "pc", "item", "stk", "kappale", "styck", "each"),
    "HUR": ("h", "t", "tunti", "tuntia", "tim", "timme", "hour", "hours"),
    "MIN": ("min",),
    "DAY": ("pv", "vrk", "päivä", "päivää", "dag", "dagar", "day", "days"),
    "MON": ("kk", "kuukausi", "mån", "month"),
    "ANN": ("v", "vuosi", "år", "year"),
    "KWH": ("kwh",),
    "MWH": ("mwh",),
    "KWT": ("kw",),
    "KVR": ("kvar",),
    "LTR": ("l", "litra", "liter"),
    "KGM": ("kg",),
    "GRM": ("g",),
    "TNE": ("tn", "tonni", "ton"),
    "MTR": ("m", "metri", "meter"),
    "MTK": ("m2", "m²"),
    "MTQ": ("m3", "m³"),
    "KMT": ("km",),
    "XPK": ("pkt", "paketti", "paket"),
    "XBX": ("ltk", "laatikko", "låda"),
    "XPF": ("lava", "pall"),
    "SET": ("sarja", "set", "sats"),
    "PR": ("pari", "par"),
    "DZN": ("tus", "tusina", "dussin"),
    "LS": ("erä",),
    "P1": ("%",),
}
_CODE_OF = {word: code for code, words in _WORDS.items() for word in words}
_WORD_OF = {code: words[0] for code, words in _WORDS.items()} | {"KWH": "kWh", "MWH": "MWh", "KWT": "kW"}
# Codes that mean the same thing to who prints an invoice.
_ALIKE = {"H87": "C62", "EA": "C62", "KTM": "KMT", "PK": "XPK", "BX": "XBX", "PF": "XPF", "NAR": "C62"}


def code_of(word: str) -> str | None:
    """The code that the printed *word* stands for, in any case, with or without a point behind it."""
    return _CODE_OF.get(word.strip().rstrip(".").lower())


def word_of(code: str) -> str:
    """The word to print for *code*; the code itself where no word is known."""
    return _WORD_OF.get(_ALIKE.get(code, code), code)


def says(word: str, code: str) -> bool:
    """Whether *word* prints *code* and nothing else, so that nothing is lost without it."""
    return word == code or code_of(word) == _ALIKE.get(code, code)
