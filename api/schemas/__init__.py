"""Input and output: a marshmallow schema for every body, query and answer."""
