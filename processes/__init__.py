"""OGC API processes: parameters in, geo or layers called, result out."""
