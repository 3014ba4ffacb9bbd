"""Alerts: figures measured in the background, what rules notice, and webhooks."""
