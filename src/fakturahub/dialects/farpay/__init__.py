"""FarPay."""
