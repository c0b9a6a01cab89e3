"""Who may use the hub, and how their secrets are kept."""
