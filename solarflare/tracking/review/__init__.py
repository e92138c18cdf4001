"""solarflare/tracking/review"""
