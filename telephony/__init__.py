"""The way of a call, from ring to recording."""
