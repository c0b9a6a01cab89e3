"""Foreign bytes made safe: character sets, XML, base64, file names. Every limit stands in ``limits.py``."""
