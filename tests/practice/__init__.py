"""The practice phone, held against Twilio's documents."""
