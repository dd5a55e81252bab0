"""The carrier, as we see it: the only folder that knows the Twilio package."""
