"""The delivery pipeline: what the workflows `backend` and `frontend` run for each change.

docs/reference/pipeline.md describes it, docs/adr/0041-delivery-pipeline.md gives the reasons.
"""
