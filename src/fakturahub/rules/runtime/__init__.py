"""What generated code calls: the document, casts, comparisons, numbers, dates, strings and regular expressions.

Values are plain Python: ``str`` (xs:string and xs:untypedAtomic; the compiler knows which), ``decimal.Decimal``,
``int`` (xs:integer), ``float`` (xs:double), ``bool``, :class:`~fakturahub.rules.runtime.dates.Date` and
:class:`~fakturahub.rules.runtime.dates.DateTime`; None is the empty sequence where at most one value may stand.
"""
