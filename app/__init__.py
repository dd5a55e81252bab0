"""Who uses Eskertu, and the processes that run it."""
