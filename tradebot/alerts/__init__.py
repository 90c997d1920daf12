"""Word to the operator."""
