"""The HTTP API: flask-smorest over the engine. To come; until then this package is empty."""
