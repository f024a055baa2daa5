"""The look of figures, pages and numbers: colors, the style of plots, formats."""
