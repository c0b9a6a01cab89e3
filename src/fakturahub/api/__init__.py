"""The hub's own surface: health, readiness, metrics, and a page for every error code."""

from fakturahub.api.routes import Check, routes

__all__ = ["Check", "routes"]
