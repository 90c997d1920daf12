"""A report as one HTML file: no script, no network, light and dark, on a screen, a phone and paper."""
