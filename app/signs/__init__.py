"""Signs, for pages and commands: printed, confirmed, listed, looked after."""
