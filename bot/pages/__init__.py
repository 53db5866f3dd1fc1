"""Web pages of capabilities, each a Flask blueprint."""
