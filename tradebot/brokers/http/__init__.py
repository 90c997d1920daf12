"""Requests to a broker over HTTP: time limits, rate limit, retries, and errors by response class."""
