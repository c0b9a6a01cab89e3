"""The web pages of the people who run the hub."""

from fakturahub.console.routes import routes

__all__ = ["routes"]
