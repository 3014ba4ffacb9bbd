"""One file per provider endpoint: how its requests, answers and streams are read and written."""
