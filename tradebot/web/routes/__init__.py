"""The routes of the web server, a module for each subject. Each has a function ``router(site)``."""
