"""Small faces that fill an outline, and regions grown over them."""
