"""Running models: attempts, time limits, streams, clients and URLs as models, reservations."""
