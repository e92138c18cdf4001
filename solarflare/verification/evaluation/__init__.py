"""solarflare/verification/evaluation"""
