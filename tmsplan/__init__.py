"""tmsplan."""
