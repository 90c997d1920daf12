"""Accounting: the effects of activities on lots, round trips and holdings, and their statistics."""
