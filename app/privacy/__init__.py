"""What the privacy officer does and sees: shared by pages and commands. Knows no Flask."""
