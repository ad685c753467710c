"""What the pods can really reach, tried with packets."""
