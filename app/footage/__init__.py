"""Footage as managers meet it: a camera's day, playing it, marking a span to hold it or to take it away."""
