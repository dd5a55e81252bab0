"""The practice phone: a small telephone network that speaks Twilio's side.

It stands where the carrier stands, so that a real call can be made without an account. It is written from Twilio's
documents alone and imports nothing of telephony but this folder: what we misread about Twilio in our own code, it
must not misread with us.
"""
