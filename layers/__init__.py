"""What the data is: the catalogue of layers, the schema, import, queries, tiles, and who may read what."""
