"""What tests shorten: segments of two seconds, reconnects at once."""

from video.addresses import Allowed
from video.recording import Habits

HABITS = Habits(segment_s=2.0, first_wait_s=0.05, chance=lambda: 0.5)
LOOPBACK = Allowed(["127.0.0.0/8"])
