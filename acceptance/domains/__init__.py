"""Act on the system in the words of the features, and judge what they saw.

A judgement that fails is an `AssertionError` of one clear sentence. What cannot be judged here is
`Unverifiable`, which never counts as met.
"""
