"""solarflare/dataset"""
