"""Who may use the web server: tokens, sessions and login codes, and the guard before every request."""
