"""Posting documents to a company's own server ("HTTP client solution", specs/pagero.md, section 7).

``push`` sends a parcel; ``fields`` makes the header of its request, ``record`` what people may see of it, ``verdicts``
says what an answer means.
"""

from fakturahub.channels.http.push import HttpChannel

__all__ = ["HttpChannel"]
