"""solarflare/report/page"""
