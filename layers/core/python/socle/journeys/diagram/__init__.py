"""A journey as a picture: where its steps stand (layout), how text fits (text), and the SVG of it (drawing). Pure."""
