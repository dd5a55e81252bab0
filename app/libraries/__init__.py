"""Libraries of pages: chosen in `package.json`, locked with their hashes, brought in when the project is set up."""
