"""Jobs as pygeoapi and clients see them."""
