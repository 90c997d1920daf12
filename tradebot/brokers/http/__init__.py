"""How requests leave for a broker over HTTP, and what comes back: time-outs, pace, retries, and errors by class."""
