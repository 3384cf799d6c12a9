"""The web console: static pages. To come; until then this package is empty."""
