"""What fills, splits and corrections do to lots, trades and results. Pure."""
