"""Apix."""
