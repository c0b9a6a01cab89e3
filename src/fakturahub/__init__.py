"""Fakturahub: a self-hosted e-invoicing hub that serves the APIs of five operators over one exchange."""

__version__ = "0.1.0"
