"""A small telephone network that speaks the carrier's side, so that a real call needs no account."""
