"""Features as clients ask for them: requests, filters, statements, pages."""
