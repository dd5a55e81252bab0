"""A camera, from its stream to stored segments and gaps (docs/design/recorder.md)."""
