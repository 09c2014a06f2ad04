"""Files into layers: read, converted, held against rules, and taken whole or not at all."""
