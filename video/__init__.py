"""The way of a camera, from stream to clip. Nothing stands here before the first camera does."""
