"""Servers on this machine that speak HTTP as a broker does: what every fake of a broker has in common."""
