"""Tests of the object store, the cipher, the keys and the embedded server."""
