"""Reviewing: which call comes next, what is said of it, and who may say it."""
