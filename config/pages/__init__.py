"""What people look at: pages, the map, styles, reports."""
