"""The origin `live`: the observatories' own sites, asked politely, into the raw contract."""
