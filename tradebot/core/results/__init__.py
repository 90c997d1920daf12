"""Values that jobs return and reports show, and pure functions over them."""
