"""solarflare/tracking/mlflow"""
