"""Maps of values on cells: what is asked, made, kept, cut out and painted."""
