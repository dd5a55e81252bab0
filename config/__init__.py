"""What everything else stands on: settings, time, logging, and the texts and policies that Eskertu ships."""
