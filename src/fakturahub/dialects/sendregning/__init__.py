"""SendRegning."""
