"""The app: who asks, routes, errors as answers, and pygeoapi behind it."""
