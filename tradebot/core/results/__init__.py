"""What jobs return and reports show. Values only."""
