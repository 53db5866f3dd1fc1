"""Alembic's scripts, run by `billing.storage.schema`. A new one is `versions/NNNN_what.py`; a released one stays."""
