"""Encrypted objects in an S3 store: the port, the client behind it, the cipher, the keys, the embedded server."""
