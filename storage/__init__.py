"""All that is kept, and how it ends. Knows objects; knows neither calls from cameras nor Flask."""
