"""The pages, made by the server. Templates beside this file; nothing in them needs a script."""
