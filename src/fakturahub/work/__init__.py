"""Executing what was put off: jobs as they come due, and chores by the clock."""
