"""What the documentation says is true: its commands, links, names, settings and listings."""
