"""Values to write into documents."""

from __future__ import annotations

#: what nobody expects in a field, and near misses of what rules expect
ODD = (
    "x" * 300, "1" * 60,
    "", " ", "\n\t ", "\xa0", "\u2003", " 1 ", "1e2", "1E-2", "NaN", "INF", "-INF", "+3", "-3", "5.", ".5", "-.5",
    "-0", "0", "00", "1_0", "1,5", "1 000", "0x10", "384.0", "\u0663", "\uff11",
    "12345678901234567890123.1234567890123456789", "0.001", "99999999999999999999", "0.1000", "1.005", "-0.004", "x",
    "true", "false", " false ", "1", "no", "True", "2026-02-30", "2026-13-01", "2024-02-29", "20260230", "20240229",
    "2026-01-01Z", "2026-01-01+02:00", "-2026-01-01", "12026-01-01", "26-1-1", "2026-1-1", "2026-01-01T00:00:00",
    "0000-01-01", "a b", "a  b", " S", "S ", "s", "vat", "VAT ", "Vat", "DE", "de", "DE123", "SE", "SE1234567890",
    "SE123456789001", "SE556677889901", "NO", "NO123456789MVA", "DK", "DK12345678", "IT", "IT12345670017", "GR", "EL",
    "EL123456789", "IS", "NL", "NL123456789B01", "XX", "0088", "9999", "0184", "0192", "5790000435975",
    "7300010000001", "974760673", "987654325", "5567321707", "123456785", "0", "ABCDEF", "0123456789",
    "RSSMRA85T10A562S", "NO8330001234567", "SE4550000000058398257466", "DE89370400440532013000",
    "GB82WEST12345698765432", "a@b.de", "a@b", "+49 30 1234567", "12", "#SKONTO#TAGE=14#PROZENT=2.00#",
    "#SKONTO#TAGE=14#PROZENT=2.00#\n",
    "#SKONTO#TAGE=14#PROZENT=2.00#\r\n#SKONTO#TAGE=30#PROZENT=1.00#BASISBETRAG=5.00#\n", "#SKONTO#TAGE=x#PROZENT=2#",
    "+71<21345678901234567+12345678<", "123456789|01/01/2026|0|1.1|0|1", "123456789|31/12/2025|0|2.4|A|", "||||||",
    "|", "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0", "urn:fdc:peppol.eu:2017:poacc:billing:99:1.0", ":::::",
    "\U0001f600", "e\u0301", "\ufb01", "\xdf", "\u0130",
)  # fmt: skip
#: attributes that rules look at, and others
ATTRIBUTES = (
    "currencyID", "schemeID", "schemeName", "schemeAgencyID", "unitCode", "unitCodeListID", "listID", "listAgencyID",
    "languageID", "mimeCode", "filename", "format", "name", "other", "{urn:other}currencyID",
)  # fmt: skip
#: what an amount is off by
CENTS = (
    "0.01", "-0.01", "0.005", "-0.001", "0.02", "-0.02", "0.5", "-1", "1", "1.01", "100",
)  # fmt: skip
