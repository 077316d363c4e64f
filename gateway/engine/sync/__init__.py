"""Keeps an organization's people in step with its directory, page by page."""
