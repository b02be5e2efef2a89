"""Random configurations, random programs for them, and files that are almost right."""
