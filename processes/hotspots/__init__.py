"""Hot spots of cases."""
