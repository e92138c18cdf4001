"""Where the data come from: one module an origin; all end in the raw contract."""
