"""What goes in and what comes out: a marshmallow schema for every body, query and answer."""
