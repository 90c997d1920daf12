"""Charts as SVG. Values go in, markup comes out: no file, no clock, no library.

A chart fills the width of its box while its texts keep their size: positions along the width are percentages, and the
lines are drawn in a nested viewport that is stretched. ``style_sheet`` gives the CSS that a page needs for them, light
and dark. Every chart has a title and a description for readers who do not see it; the page adds a table.
"""
