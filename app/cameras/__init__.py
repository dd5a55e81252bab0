"""Cameras for those who set them up and those who watch: shared by pages and commands."""
