"""What can be wrong with a request that reached us whole: said in words a person can act on."""


class Refused(Exception):
    """Something was asked that cannot be done. The message says what, why, and what to do."""


class NotFound(Refused):
    """What was asked for does not exist (or must not be known to)."""
