"""How grids, villages and townships are doing: counts, rates, closing times, and the points they get for them."""
