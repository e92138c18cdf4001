"""solarflare/verification/scores"""
