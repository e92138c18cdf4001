"""solarflare/verification/audit"""
