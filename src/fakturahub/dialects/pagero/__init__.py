"""Pagero Online."""
