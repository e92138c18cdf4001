"""solarflare/dataset/samples"""
