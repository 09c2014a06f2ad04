"""How the service is put together: settings, the app, the command line, pages and styles."""
