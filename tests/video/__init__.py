"""The way of a camera: real streams, real files, and every packet counted."""
